//! The words a time may hold: months, weekdays, `infinity`, `today`, abbreviations of time zones.

/// What a word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Month(i64),
    /// A weekday, which isn't checked.
    Weekday,
    /// `at`, `on`.
    Filler,
    Am,
    Pm,
    Ad,
    Bc,
    Infinity,
    MinusInfinity,
    Epoch,
    Now,
    /// Midnight of a day so many days from today.
    Day(i64),
    /// `allballs`: 00:00:00 in UTC.
    Midnight,
    /// `t`: a time follows.
    Time,
    /// `j`: a Julian day's number follows.
    Julian,
    /// `dst`: one hour ahead of the zone before it.
    DaylightSaving,
    /// A label of `extract` that has no meaning here.
    Unit,
    /// A zone, in seconds east of UTC.
    Zone(i64),
}

/// PostgreSQL compares no more letters than these.
const MAX_LETTERS: usize = 10;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 19] = [
    "mon",
    "monday",
    "tue",
    "tues",
    "tuesday",
    "wed",
    "weds",
    "wednesday",
    "thu",
    "thur",
    "thurs",
    "thursday",
    "fri",
    "friday",
    "sat",
    "saturday",
    "sun",
    "sunday",
    "sund",
];

/// The abbreviations of zones in wide use, in quarters of an hour east of UTC.
const ZONES: [(&str, i64); 48] = [
    ("z", 0),
    ("zulu", 0),
    ("utc", 0),
    ("ut", 0),
    ("uct", 0),
    ("gmt", 0),
    ("wet", 0),
    ("wetdst", 4),
    ("west", 4),
    ("bst", 4),
    ("cet", 4),
    ("cetdst", 8),
    ("cest", 8),
    ("met", 4),
    ("metdst", 8),
    ("mest", 8),
    ("mez", 4),
    ("mesz", 8),
    ("eet", 8),
    ("eetdst", 12),
    ("eest", 12),
    ("sast", 8),
    ("eat", 12),
    ("msk", 12),
    ("msd", 16),
    ("ist", 8),
    ("pkt", 20),
    ("hkt", 32),
    ("jst", 36),
    ("kst", 36),
    ("aest", 40),
    ("aesst", 44),
    ("nzst", 48),
    ("nzdt", 52),
    ("ast", -16),
    ("adt", -12),
    ("est", -20),
    ("edt", -16),
    ("cst", -24),
    ("cdt", -20),
    ("mst", -28),
    ("mdt", -24),
    ("pst", -32),
    ("pdt", -28),
    ("akst", -36),
    ("akdt", -32),
    ("hst", -40),
    ("brt", -12),
];

/// The meaning of a word that isn't a zone.
pub(super) fn find(word: &str) -> Option<Word> {
    let word = word.get(..MAX_LETTERS).unwrap_or(word);
    let month = (1..).zip(MONTHS).find(|(_, month)| {
        let short = month.get(..3).unwrap_or_default();
        word == *month || word == short || (word == "sept" && *month == "september")
    });
    if let Some((number, _)) = month {
        return Some(Word::Month(number));
    }
    Some(match word {
        "am" => Word::Am,
        "pm" => Word::Pm,
        "ad" => Word::Ad,
        "bc" => Word::Bc,
        "at" | "on" => Word::Filler,
        "infinity" => Word::Infinity,
        "-infinity" => Word::MinusInfinity,
        "epoch" => Word::Epoch,
        "now" => Word::Now,
        "today" => Word::Day(0),
        "tomorrow" => Word::Day(1),
        "yesterday" => Word::Day(-1),
        "allballs" => Word::Midnight,
        "t" => Word::Time,
        "j" | "jd" | "julian" => Word::Julian,
        "dst" => Word::DaylightSaving,
        "d" | "dow" | "doy" | "h" | "isodow" | "isoyear" | "m" | "mm" | "s" | "y" => Word::Unit,
        word if WEEKDAYS.contains(&word) => Word::Weekday,
        _ => return None,
    })
}

/// The meaning of a word, zones coming first.
pub(super) fn find_or_zone(word: &str) -> Option<Word> {
    let zone = ZONES.iter().find(|(name, _)| *name == word);
    zone.map(|(_, quarters)| Word::Zone(quarters * 900))
        .or_else(|| find(word))
}
