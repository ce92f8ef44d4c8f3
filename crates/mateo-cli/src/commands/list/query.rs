//! What `mateo imports list` asks the server for.

use jiff::ZonedDateTime;
use mateo_imports::model::SelectItem;
use mateo_imports::{ImportQuery, Select};

use crate::args::Format;
use crate::args::columns::NAMES;
use crate::args::imports::ListArgs;
use crate::args::keys;
use crate::commands::COUNTS;
use crate::failure::Failure;
use crate::render::table;

/// How many imports are listed unless --limit or --all says otherwise: one page of the server.
pub(super) const DEFAULT_ROWS: u64 = 50;

/// The query of the flags.
pub(super) fn query(args: &ListArgs, now: &ZonedDateTime) -> Result<ImportQuery, Failure> {
    let mut query = ImportQuery::new();
    for filter in args.filters.filters(now)? {
        query = query.filter(filter);
    }
    for key in keys::order(&args.order)? {
        query = query.order(key);
    }
    query = query.select(columns(args)?);
    // Where rows are looked at here, the server can't know how many to send.
    if let Some(limit) = limit(args).filter(|_| !args.filters.states().needs_look()) {
        query = query.limit(limit);
    }
    query
        .to_query_string()
        .map_err(|error| Failure::usage(error.to_string()))?;
    Ok(query)
}

/// How many imports to print at most.
pub(super) fn limit(args: &ListArgs) -> Option<u64> {
    if args.all || args.out.is_some() && args.limit.is_none() {
        None
    } else {
        Some(args.limit.unwrap_or(DEFAULT_ROWS))
    }
}

fn columns(args: &ListArgs) -> Result<Select, Failure> {
    let Some(text) = &args.select else {
        return Ok(if args.output()? == Format::Table {
            table::selection()
        } else {
            Select::all()
        });
    };
    let select = keys::select(text)?;
    let names: Vec<&str> = select.items().iter().map(SelectItem::answer_name).collect();
    let has_counts = COUNTS
        .iter()
        .all(|name| names.contains(name) || names.contains(&"*"));
    if args.filters.states().needs_look() && !names.is_empty() && !has_counts {
        return Err(
            Failure::usage("--state and --unfinished look at counts that --select leaves out")
                .advice(format!("add {} to --select", COUNTS.join(","))),
        );
    }
    Ok(select)
}

/// The names that rows will have, each once, with the documented columns in the place of a star.
pub(super) fn names(query: &ImportQuery) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for item in query.selection().items() {
        let name = item.answer_name();
        let star = NAMES.iter().map(|name| (*name).to_owned());
        let these = if name == "*" {
            star.collect()
        } else {
            vec![name.to_owned()]
        };
        for name in these {
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }
    all
}
