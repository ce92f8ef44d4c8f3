//! The rolling count.

use super::*;

const HOUR: i64 = 60 * 60 * 1000;
const NOW: i64 = 1000 * SLOT;

fn terms(per_day: Option<u64>) -> Terms {
    Terms {
        rate: None,
        rate_is_set: false,
        per_day,
        day_is_set: false,
        lease: 0,
    }
}

fn left(day: &Day, now: i64) -> Option<u64> {
    let mut day = day.clone();
    day.expire(now);
    day.left(&terms(Some(10)))
}

fn wait(day: &Day, requests: u64, now: i64) -> i64 {
    i64::try_from(day.wait_for(requests, &terms(Some(10)), now).as_millis()).unwrap()
}

#[test]
fn a_request_counts_for_at_least_a_day_and_at_most_a_slot_more() {
    let mut day = Day::default();
    day.charge(2, NOW);
    // The last of the slot counts for a day, too.
    day.charge(1, NOW + SLOT - 1);
    assert_eq!(day.slots.len(), 1);
    assert_eq!(left(&day, NOW + SLOT - 1 + 24 * HOUR), Some(7));
    assert_eq!(left(&day, NOW + SLOT + DAY - 1), Some(7));
    assert_eq!(left(&day, NOW + SLOT + DAY), Some(10));
}

#[test]
fn a_request_that_was_not_sent_is_given_back_to_its_slot() {
    let mut day = Day::default();
    day.charge(2, NOW);
    day.charge(1, NOW + 2 * SLOT);
    day.refund(NOW + 2 * SLOT + 5);
    assert_eq!(left(&day, NOW + 3 * SLOT), Some(8));
    // It left the count meanwhile: nothing is given back twice.
    day.expire(NOW + 3 * DAY);
    day.refund(NOW);
    assert_eq!(left(&day, NOW + 3 * DAY), Some(10));
}

#[test]
fn a_clock_that_went_back_counts_longer_rather_than_shorter() {
    let mut day = Day::default();
    day.charge(3, NOW);
    day.charge(1, NOW - 5 * HOUR);
    assert_eq!(left(&day, NOW + SLOT + DAY - 1), Some(6));
}

#[test]
fn the_wait_is_until_the_slots_that_are_in_the_way_have_left() {
    let mut day = Day::default();
    day.charge(4, NOW);
    day.charge(6, NOW + 5 * HOUR);
    let later = NOW + 6 * HOUR;
    assert_eq!(wait(&day, 0, later), 0);
    let leaves = |charged| NOW + charged + SLOT + DAY - later;
    for requests in 1..=4 {
        assert_eq!(wait(&day, requests, later), leaves(0), "{requests}");
    }
    for requests in 5..=10 {
        assert_eq!(wait(&day, requests, later), leaves(5 * HOUR), "{requests}");
    }
    // More than a day's worth takes more than a day.
    assert!(wait(&day, 11, later) > DAY && wait(&day, 31, later) > 3 * DAY);
    assert!(day.wait_for(1_000_000, &terms(None), later).is_zero());
    assert!(day.wait_for(1, &terms(Some(0)), later).as_millis() >= DAY.unsigned_abs().into());
}

#[test]
fn without_a_limit_of_its_own_only_what_the_server_states_counts() {
    let mut day = Day::default();
    assert_eq!(day.left(&terms(None)), None);
    let stated = Answer {
        day_left: Some(5),
        day_reset: Some(HOUR),
        ..Answer::default()
    };
    day.correct(&stated, 2, NOW);
    assert_eq!(day.left(&terms(None)), Some(3));
    day.charge(1, NOW);
    assert_eq!(day.left(&terms(None)), Some(2));
    assert_eq!(
        day.wait_for(3, &terms(None), NOW).as_millis(),
        HOUR.unsigned_abs().into()
    );
    day.expire(NOW + HOUR);
    assert_eq!(day.left(&terms(None)), None);
}

#[test]
fn a_stated_limit_lowers_ours_and_raises_it_where_it_was_not_set() {
    let stated = |limit| Day {
        limit: Some(limit),
        ..Day::default()
    };
    let mut terms = terms(Some(10));
    assert_eq!(stated(3).left(&terms), Some(3));
    assert_eq!(stated(30).left(&terms), Some(30));
    terms.day_is_set = true;
    assert_eq!(stated(30).left(&terms), Some(10));
    assert_eq!(stated(3).left(&terms), Some(3));
}

#[test]
fn what_is_left_must_last_until_the_oldest_requests_no_longer_count() {
    let renews = |day: &Day, now| i64::try_from(day.renews_in(now).as_millis()).unwrap();
    let mut day = Day::default();
    assert_eq!(renews(&day, NOW), DAY);
    day.charge(3, NOW);
    day.charge(1, NOW + HOUR);
    assert_eq!(renews(&day, NOW + 2 * HOUR) + 2 * HOUR, DAY + SLOT);
    day.expire(NOW + DAY + SLOT);
    assert_eq!(renews(&day, NOW + DAY + SLOT), HOUR);
}

#[test]
fn the_count_of_another_ledger_is_added() {
    let (mut day, mut other) = (Day::default(), Day::default());
    day.charge(1, NOW);
    other.charge(2, NOW - 2 * SLOT);
    other.charge(3, NOW);
    // Its clock was ahead: those requests are not later than now.
    other.charge(4, NOW + 5 * SLOT);
    day.absorb(&other, NOW);
    assert_eq!(day.slots, [(998, 2), (1000, 8)]);
}
