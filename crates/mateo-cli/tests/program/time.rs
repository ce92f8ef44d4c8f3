//! Times as a person writes and reads them, in the zone of the machine.

use crate::support::{ROWS, Served, bare, mateo, serve, stdout_of};

/// A zone that needs no data of the machine's: winter is one hour ahead of UTC.
const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

fn ids(served: &Served, args: &[&str]) -> String {
    let list = [
        "imports",
        "list",
        "--select",
        "id",
        "-o",
        "csv",
        "--order",
        "created_at",
    ];
    let text = stdout_of(mateo(served, &[&list[..], args].concat()).env("TZ", BERLIN));
    text.lines()
        .skip(1)
        .map(|id| id.get(..13).unwrap())
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn times_are_read_in_the_zone_of_the_machine() {
    let served = serve(ROWS);
    let newest = "38d889d2-b47a";
    for since in [
        "2026-01-05 09:00",
        "2026-01-05T09:00",
        "2026-01-05T08:00:00Z",
        "2026-01-05T10:00+02:00",
    ] {
        assert_eq!(ids(&served, &["--since", since]), newest, "{since}");
        assert_eq!(
            ids(&served, &["--where", &format!("created_at>={since}")]),
            newest,
            "{since}"
        );
    }
    assert_eq!(ids(&served, &["--since", "2026-01-05 09:01"]), "");
    assert_eq!(ids(&served, &["--since", "2026-01-05 09:00", "--utc"]), "");
    // It was made a moment before midnight UTC, which is the next day in Berlin.
    assert_eq!(
        ids(&served, &["--since", "2026-01-03", "--until", "2026-01-04"]),
        "4372a2a7-84a6"
    );
    for since in ["2days", "2 days ago", "yesterday", "today"] {
        assert_eq!(ids(&served, &["--since", since]), "", "{since}");
    }
}

#[test]
fn times_are_shown_in_the_zone_of_the_machine() {
    let served = serve(ROWS);
    let of = |args: &[&str]| stdout_of(mateo(&served, args).env("TZ", BERLIN));
    let table = of(&["imports", "list", "-x"]);
    assert!(
        table.contains("CREATED (LOCAL)") && table.contains("2026-01-05 09:00:00"),
        "{table}"
    );
    let utc = of(&["--utc", "imports", "list", "-x"]);
    assert!(
        utc.contains("CREATED (UTC)") && utc.contains("2026-01-05 08:00:00"),
        "{utc}"
    );
    let page = of(&["imports", "get", "4372a2a7"]);
    assert!(
        page.contains("created       2026-01-03 00:59:59.999999 CET ("),
        "{page}"
    );
    let summary = of(&["imports", "summary"]);
    assert!(
        summary.contains("Imports by day (local time)")
            && summary.contains("2026-01-01 to 2026-01-05")
            && summary.contains("2026-01-03  ===="),
        "{summary}"
    );
}

#[test]
fn the_zone_is_a_setting_and_an_unknown_one_is_named() {
    let zone = |tz: &str, args: &[&str]| {
        let text = stdout_of(bare(&[args, &["config"]].concat()).env("TZ", tz));
        text.lines()
            .find(|line| line.starts_with("time-zone"))
            .unwrap()
            .to_owned()
    };
    let words = |line: &str| line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ");
    assert_eq!(words(&zone("UTC", &[])), "UTC environment, TZ");
    assert_eq!(words(&zone(BERLIN, &["--utc"])), "UTC --utc");
    assert_eq!(
        words(&zone("Middle/Earth", &[])),
        "UTC (Middle/Earth is not known to this machine) environment, TZ"
    );
}
