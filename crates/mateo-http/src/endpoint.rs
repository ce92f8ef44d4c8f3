//! From a query to a request: pure, and without the key.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use mateo_model::{ImportQuery, Prefer};

use crate::error::Kind;
use crate::gzip;
use crate::origin::BaseUrl;
use crate::transport::Request;

/// The request for one page, complete but for its `Authorization`.
pub(crate) fn page_request(
    base: &BaseUrl,
    user_agent: &HeaderValue,
    query: &ImportQuery,
    prefer: &Prefer,
) -> Result<Request, Kind> {
    let query_string = query
        .to_query_string()
        .map_err(|error| Kind::usage(error.to_string()))?;
    // The one reason for which an encoded query is no URI: `http` takes at most 65,534 bytes.
    let uri = base.join(ImportQuery::PATH, &query_string).map_err(|_| {
        let bytes = query_string.len();
        Kind::usage(format!(
            "the query is too long for a URL ({bytes} bytes); ask in several parts"
        ))
    })?;
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.reserve(6);
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT_ENCODING, gzip::ACCEPTED);
    headers.insert(header::USER_AGENT, user_agent.clone());
    if let Some(range) = query.range_given() {
        headers.insert(header::RANGE, value(range.to_string())?);
        // PostgREST does not read this one, a gateway might.
        headers.insert("range-unit", HeaderValue::from_static("items"));
    }
    set_prefer(headers, prefer)?;
    Ok(request)
}

pub(crate) fn set_prefer(headers: &mut HeaderMap, prefer: &Prefer) -> Result<(), Kind> {
    headers.remove(Prefer::HEADER);
    if !prefer.is_empty() {
        headers.insert(Prefer::HEADER, value(prefer.to_string())?);
    }
    Ok(())
}

fn value(text: String) -> Result<HeaderValue, Kind> {
    HeaderValue::try_from(text).map_err(|_| Kind::usage("a preference holds a byte that no header can"))
}

#[cfg(test)]
mod tests {
    use mateo_model::{Count, Range, columns::CREATED_AT};

    use super::*;

    fn print(query: &ImportQuery, prefer: &Prefer) -> String {
        let base = BaseUrl::parse("https://integration.getmateo.com").unwrap();
        let request = page_request(&base, &HeaderValue::from_static("mateo-test"), query, prefer).unwrap();
        let mut lines = vec![format!("{} {}", request.method(), request.uri())];
        lines.extend(
            request
                .headers()
                .iter()
                .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())),
        );
        lines.sort();
        lines.join("\n")
    }

    #[test]
    fn the_plainest_request() {
        insta::assert_snapshot!(print(&ImportQuery::new(), &Prefer::new()), @r"
        GET https://integration.getmateo.com/api/v1/import
        accept-encoding: gzip
        accept: application/json
        user-agent: mateo-test
        ");
    }

    #[test]
    fn a_query_with_limit_and_count() {
        let query = ImportQuery::new().order(CREATED_AT.desc()).limit(50);
        insta::assert_snapshot!(print(&query, &Prefer::new().count(Count::Exact)), @r"
        GET https://integration.getmateo.com/api/v1/import?order=created_at.desc&limit=50
        accept-encoding: gzip
        accept: application/json
        prefer: count=exact
        user-agent: mateo-test
        ");
    }

    #[test]
    fn a_query_by_range_sends_headers_and_neither_limit_nor_offset() {
        let query = ImportQuery::new().range(Range::new(0, Some(19)).unwrap());
        insta::assert_snapshot!(print(&query, &Prefer::new()), @r"
        GET https://integration.getmateo.com/api/v1/import
        accept-encoding: gzip
        accept: application/json
        range-unit: items
        range: 0-19
        user-agent: mateo-test
        ");
    }
}
