use super::*;

const ID: &str = "d419c772-3226-4b94-bc3a-e353fb14628e";

fn get(path: &str, headers: &[(&str, &str)]) -> Request<Bytes> {
    let mut request = Request::get(format!("https://files.sandbox.invalid{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Bytes::new()).expect("a request")
}

fn keys() -> BTreeSet<String> {
    BTreeSet::from(["s3cret/key".to_owned()])
}

fn body(answer: &Answer) -> Bytes {
    answer.content.read(answer.range.clone())
}

fn answer(files: &mut Files, request: &Request<Bytes>) -> Answer {
    files.answer(request, &keys(), DateTime::UNIX_EPOCH, &mut Counters::default())
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let value = answer.head.headers.get(name)?;
    Some(value.to_str().expect("ascii"))
}

#[test]
fn failed_contacts_are_an_array_with_reasons_of_as_many_deserialize_as_the_link_says() {
    let mut files = Files::default();
    for (rows, path) in [
        (0, "?rows=0"),
        (1, ""),
        (1, "?rows=1"),
        (1000, "?rows=1000&sig=1"),
    ] {
        let found = answer(&mut files, &get(&format!("/failed/{ID}.json{path}"), &[]));
        assert_eq!(found.head.status, 200);
        let entries: Vec<BTreeMap<String, String>> =
            serde_json::from_slice(&body(&found)).expect("an array of objects");
        assert_eq!(entries.len(), rows, "{path}");
        assert!(entries.iter().all(|entry| entry.contains_key("reason")));
    }
    let payload = answer(&mut files, &get(&format!("/payload/{ID}.json?rows=3"), &[]));
    assert!(!String::from_utf8_lossy(&body(&payload)).contains("reason"));
}

#[test]
fn every_part_of_a_file_is_the_same_bytes_as_in_the_whole() {
    let records = Content::Records(Records {
        seed: 5,
        count: 7,
        have_failed: true,
    });
    let noise = Content::Noise(200_001);
    for content in [records, noise, Content::Bytes(Bytes::from_static(b"hello"))] {
        let len = content.len();
        let whole = content.read(0..len);
        assert_eq!(whole.len() as u64, len);
        let mut random = crate::random::Random::new(3);
        for _ in 0..200 {
            let from = random.below(len + 1);
            let to = random.between(from, len + 5);
            let expected = &whole[usize::try_from(from).unwrap()..usize::try_from(to.min(len)).unwrap()];
            assert_eq!(content.read(from..to), expected, "{from}..{to}");
        }
    }
}

#[test]
fn a_part_says_where_it_lies() {
    let mut files = Files::default();
    files.put("a.json", Bytes::from_static(b"0123456789"), false);
    let part = answer(&mut files, &get("/files/a.json", &[("range", "bytes=4-")]));
    assert_eq!(part.head.status, 206);
    assert_eq!(header(&part, "content-range"), Some("bytes 4-9/10"));
    assert_eq!(body(&part), "456789");

    let etag = header(&part, "etag").expect("a tag").to_owned();
    let beyond = answer(
        &mut files,
        &get("/files/a.json", &[("range", "bytes=10-"), ("if-range", &etag)]),
    );
    assert_eq!(beyond.head.status, 416);
    assert_eq!(header(&beyond, "content-range"), Some("bytes */10"));
    assert!(body(&beyond).is_empty());

    files.put("a.json", Bytes::from_static(b"abcdefghijk"), false);
    let changed = answer(
        &mut files,
        &get("/files/a.json", &[("range", "bytes=4-"), ("if-range", &etag)]),
    );
    assert_eq!(changed.head.status, 200);
    assert_eq!(body(&changed), "abcdefghijk");
}

#[test]
fn a_server_without_ranges_sends_the_whole_file() {
    let mut files = Files::default();
    files.put("a", Bytes::from_static(b"0123456789"), false);
    files.ignores_ranges = true;
    let whole = answer(&mut files, &get("/files/a", &[("range", "bytes=4-")]));
    assert_eq!(
        (whole.head.status, header(&whole, "accept-ranges")),
        (StatusCode::OK, None)
    );
    assert_eq!(body(&whole), "0123456789");
}

#[test]
fn a_file_that_is_stored_gzipped_is_sent_as_it_is_and_says_so() {
    let mut files = Files::default();
    files.put("a", Bytes::from_static(b"0123456789"), true);
    let part = answer(&mut files, &get("/files/a", &[("range", "bytes=4-")]));
    assert_eq!(header(&part, "content-encoding"), Some("gzip"));
    assert_eq!(header(&part, "content-range"), Some("bytes 4-9/10"));
    assert_eq!(body(&part), "456789");
    let done = answer(&mut files, &get("/files/a", &[("range", "bytes=10-")]));
    assert_eq!(done.head.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(header(&done, "content-range"), Some("bytes */10"));
}

#[test]
fn head_says_the_length_and_sends_nothing() {
    let mut request = get("/bytes/1000000000000", &[]);
    *request.method_mut() = Method::HEAD;
    let head = answer(&mut Files::default(), &request);
    assert_eq!(header(&head, "content-length"), Some("1000000000000"));
    assert!(body(&head).is_empty());
}

#[test]
fn a_key_is_refused_wherever_it_is() {
    let mut files = Files::default();
    files.put("a", Bytes::from_static(b"x"), false);
    let mut in_body = get("/files/a", &[]);
    *in_body.body_mut() = Bytes::from_static(b"token=s3cret/key");
    for request in [
        get("/files/a", &[("authorization", "Bearer anything")]),
        get("/files/a", &[("x-api-key", "s3cret/key")]),
        get("/files/a", &[("cookie", "key=s3cret/key; a=b")]),
        get("/files/a?apikey=s3cret/key", &[]),
        get("/files/a?apikey=s3cret%2Fkey", &[]),
        in_body,
    ] {
        let mut counters = Counters::default();
        let refused = files.answer(&request, &keys(), DateTime::UNIX_EPOCH, &mut counters);
        assert_eq!(counters.leaked_keys, 1, "{request:?}");
        assert_eq!(refused.head.status, 403);
    }
    let mut counters = Counters::default();
    let clean = get("/files/a", &[("x-other", "s3cret")]);
    let clean = files.answer(&clean, &keys(), DateTime::UNIX_EPOCH, &mut counters);
    assert_eq!(counters.leaked_keys, 0);
    assert_eq!(clean.head.status, 200);
}

#[test]
fn what_is_not_there_is_404_and_what_is_no_reading_405() {
    let mut files = Files::default();
    for path in [
        "/",
        "/files/none",
        "/failed/no-uuid.json",
        "/bytes/-1",
        "/failed",
        "/x/y",
    ] {
        assert_eq!(answer(&mut files, &get(path, &[])).head.status, 404, "{path}");
    }
    let mut post = get("/bytes/3", &[]);
    *post.method_mut() = Method::POST;
    assert_eq!(answer(&mut files, &post).head.status, 405);
}
