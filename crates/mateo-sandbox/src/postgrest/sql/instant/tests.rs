use super::Instant;

fn read(text: &str) -> Result<String, &'static str> {
    let now = Instant::parse("2025-03-01T12:30:00Z", None).ok();
    Instant::parse(text, now)
        .map(Instant::to_text)
        .map_err(|error| error.code)
}

/// What PostgreSQL 15 answers to `select '…'::timestamptz` with the time zone UTC.
#[test]
fn times_are_read_as_postgresql_reads_them() {
    for (text, time) in [
        ("2025-01-31", "2025-01-31 00:00:00+00"),
        ("2025-01-31T12:30:15.123456Z", "2025-01-31 12:30:15.123456+00"),
        ("2025-01-31 12:30+01", "2025-01-31 11:30:00+00"),
        ("2025-01-31 12:30 -0530", "2025-01-31 18:00:00+00"),
        ("2025-01-31 12:30:15.1234565Z", "2025-01-31 12:30:15.123456+00"),
        ("2025-01-01T00:00:00.0000004Z", "2025-01-01 00:00:00+00"),
        ("2025-01-01T23:59:59.9999999Z", "2025-01-02 00:00:00+00"),
        ("2025-01-01T24:00:00Z", "2025-01-02 00:00:00+00"),
        ("20250131", "2025-01-31 00:00:00+00"),
        ("20250131T123015", "2025-01-31 12:30:15+00"),
        ("250131", "2025-01-31 00:00:00+00"),
        ("0044-03-15 BC", "0044-03-15 00:00:00+00 BC"),
        ("10000-01-01", "10000-01-01 00:00:00+00"),
        ("infinity", "infinity"),
        ("-Infinity", "-infinity"),
        ("epoch", "1970-01-01 00:00:00+00"),
        ("now", "2025-03-01 12:30:00+00"),
        ("today", "2025-03-01 00:00:00+00"),
        ("tomorrow", "2025-03-02 00:00:00+00"),
    ] {
        assert_eq!(read(text).as_deref(), Ok(time), "{text}");
    }
}

#[test]
fn what_postgresql_refuses_is_refused_with_its_code() {
    for (text, code) in [
        ("", "22007"),
        ("yesterdayish", "22007"),
        ("2025", "22007"),
        ("12:00", "22007"),
        ("2025-01-31 12:00 foo", "22007"),
        ("2025-01-31T12", "22007"),
        ("2025-01-31T", "22007"),
        ("2025-01", "22007"),
        ("31-13-2025", "22008"),
        ("2025-01-31 2025-01-31", "22007"),
        ("２０２５-01-31", "22007"),
        ("2025-13-01", "22008"),
        ("2025-02-29", "22008"),
        ("2025-01-31 12:60", "22008"),
        ("2025-01-31 25:00", "22008"),
        ("0000-01-01", "22008"),
        ("294277-01-01", "22008"),
        ("4714-11-23 BC", "22008"),
        ("2025-01-31 12:00+16", "22009"),
    ] {
        assert_eq!(read(text), Err(code), "{text}");
    }
}

#[test]
fn the_ends_of_time_are_postgresqls() {
    assert_eq!(
        read("294276-12-31 23:59:59.999999").as_deref(),
        Ok("294276-12-31 23:59:59.999999+00")
    );
    assert_eq!(read("4714-11-24 BC").as_deref(), Ok("4714-11-24 00:00:00+00 BC"));
}

#[test]
fn a_time_is_written_for_json_for_text_and_as_a_date() {
    let time = Instant::parse("2025-01-31T12:30:15.1Z", None).unwrap();
    let mut json = Vec::new();
    time.write_json(&mut json);
    assert_eq!(json, b"2025-01-31T12:30:15.1+00:00");
    assert_eq!(time.to_text(), "2025-01-31 12:30:15.1+00");
    assert_eq!(time.to_date_text(), "2025-01-31");
    assert_eq!(time.to_local_text(), "2025-01-31T12:30:15.1");
}
