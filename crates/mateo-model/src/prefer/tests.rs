use proptest::prelude::*;

use super::{Count, Prefer};
use crate::testing::cases;

#[test]
fn the_first_understood_of_a_repeated_preference_counts() {
    assert_eq!(
        Prefer::parse(["count=exact, count=none"]).counting(),
        Some(Count::Exact)
    );
    assert_eq!(
        Prefer::parse(["count=bogus,count=planned"]).counting(),
        Some(Count::Planned)
    );
    assert!(Prefer::parse(["handling=strict,handling=lenient"]).is_strict());
    assert!(!Prefer::parse(["handling=lenient,handling=strict"]).is_strict());
}

#[test]
fn unknown_preferences_are_kept_for_the_strict_check() {
    assert!(
        Prefer::parse(["handling=strict, bogus=1, foo"])
            .unknown()
            .eq(["bogus=1", "foo"])
    );
    assert!(
        Prefer::parse(["count=none"]).unknown().eq(["count=none"]),
        "`none` is not a count the server has"
    );
    assert!(
        Prefer::parse(["Count=Exact"]).unknown().eq(["Count=Exact"]),
        "preferences are compared as they stand"
    );
}

#[test]
fn preferences_of_other_requests_are_not_unknown() {
    let prefer = Prefer::parse(["return=minimal, timezone=UTC, max-affected=3, tx=commit, missing=default"]);
    assert_eq!(prefer.unknown().count(), 0);
    assert_eq!(prefer.others.len(), 5);
}

#[test]
fn blanks_and_empty_members_are_nothing() {
    assert!(Prefer::parse([""]).is_empty());
    assert!(Prefer::parse([",, ,"]).is_empty());
    assert_eq!(Prefer::parse([" count=exact ,"]).to_string(), "count=exact");
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn what_is_printed_is_read_back(
        value in proptest::collection::vec("count=(exact|planned|estimated|none)|handling=(strict|lenient)|[ -~]{0,8}|\\PC{0,4}", 0..6)
    ) {
        let prefer = Prefer::parse([&*value.join(",")]);
        prop_assert_eq!(Prefer::parse([&*prefer.to_string()]), prefer);
    }
}
