//! The rolling count, and a wall clock that jumps.

use super::*;

const HOUR: Duration = Duration::from_secs(60 * 60);

fn wall() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_000_000)
}

/// A count of `requests`, made at `now`.
fn spent(limit: u64, requests: u64, now: Instant) -> Day {
    let mut day = Day::new(Some(limit));
    for _ in 0..requests {
        day.charge(now);
    }
    day
}

#[test]
fn a_request_counts_for_at_least_a_day_and_at_most_a_slot_more() {
    let now = Instant::now();
    let mut day = spent(10, 3, now);
    assert_eq!(day.left(now + 24 * HOUR), Some(7));
    assert_eq!(day.left(now + DAY + SLOT - Duration::from_nanos(1)), Some(7));
    assert_eq!(day.left(now + DAY + SLOT), Some(10));
}

#[test]
fn the_last_request_of_a_slot_counts_for_a_day_too() {
    let now = Instant::now();
    let mut day = spent(10, 1, now);
    let last = now + SLOT - Duration::from_secs(1);
    day.charge(last);
    assert_eq!(day.slots.len(), 1);
    assert_eq!(day.left(last + 24 * HOUR), Some(8));
    assert_eq!(day.left(last + DAY + SLOT), Some(10));
}

#[test]
fn a_request_that_was_not_sent_is_given_back_to_its_slot() {
    let now = Instant::now();
    let mut day = spent(10, 2, now);
    let leaves = day.charge(now + SLOT * 2);
    day.refund(leaves);
    assert_eq!(day.left(now), Some(8));
    // It left the count meanwhile: nothing is given back twice.
    let leaves = day.charge(now);
    day.refund(leaves);
    assert_eq!(day.left(now + 2 * DAY), Some(10));
    day.refund(leaves);
    assert_eq!(day.left(now + 2 * DAY), Some(10));
}

#[test]
fn the_wait_is_until_the_slots_that_are_in_the_way_have_left() {
    let now = Instant::now();
    let mut day = spent(10, 4, now);
    for _ in 0..6 {
        day.charge(now + 5 * HOUR);
    }
    let later = now + 6 * HOUR;
    assert_eq!(day.wait_for(0, later), Duration::ZERO);
    let leaves = |charged: Duration| now + charged + DAY + SLOT - later;
    for requests in 1..=4 {
        assert_eq!(
            day.wait_for(requests, later),
            leaves(Duration::ZERO),
            "{requests}"
        );
    }
    for requests in 5..=10 {
        assert_eq!(day.wait_for(requests, later), leaves(5 * HOUR), "{requests}");
    }
    // More than a day's worth takes more than a day.
    assert!(day.wait_for(11, later) > DAY && day.wait_for(31, later) > 3 * DAY);
    assert_eq!(Day::new(None).wait_for(1_000_000, now), Duration::ZERO);
}

#[test]
fn without_a_limit_of_its_own_only_what_the_server_states_counts() {
    let now = Instant::now();
    let mut day = Day::new(None);
    assert_eq!(day.left(now), None);
    day.state(5, HOUR, 2, now);
    assert_eq!(day.left(now), Some(3));
    day.charge(now);
    assert_eq!(day.left(now), Some(2));
    assert_eq!(day.wait_for(3, now), HOUR);
    assert_eq!(day.left(now + HOUR), None);
}

#[test]
fn a_limit_of_nothing_never_divides_by_it() {
    let now = Instant::now();
    let mut day = Day::new(Some(0));
    assert_eq!(day.left(now), Some(0));
    assert!(day.wait_for(1, now) >= DAY);
}

#[test]
fn what_is_saved_is_loaded() {
    let now = Instant::now();
    let mut day = spent(10, 3, now);
    day.charge(now + HOUR);
    let saved = day.save(now + 2 * HOUR, wall());
    assert_eq!(saved.requests(), 4);
    // Another process, another monotonic clock, 20 hours later.
    let (start, hours) = (now + 100 * DAY, 20 * HOUR);
    let mut loaded = Day::new(Some(10));
    loaded.load(&saved, start, wall() + hours);
    assert_eq!(loaded.left(start), Some(6));
    assert_eq!(loaded.left(start + 2 * HOUR + DAY - 24 * HOUR + SLOT), Some(9));
    assert_eq!(loaded.left(start + 4 * HOUR), Some(10));
    assert_eq!(loaded.save(start, wall() + hours).requests(), 0);
}

#[test]
fn a_wall_clock_that_was_set_back_counts_the_full_day() {
    let now = Instant::now();
    let saved = spent(10, 3, now).save(now, wall());
    for back in [HOUR, 1000 * DAY, Duration::from_secs(1_790_000_000)] {
        let mut day = Day::new(Some(10));
        day.load(&saved, now, wall() - back);
        assert_eq!(day.left(now + 24 * HOUR), Some(7), "{back:?}");
        assert_eq!(day.left(now + DAY + SLOT), Some(10), "{back:?}");
    }
}

#[test]
fn a_count_of_days_ago_is_forgotten() {
    let now = Instant::now();
    let saved = spent(10, 3, now).save(now, wall());
    let mut day = Day::new(Some(10));
    day.load(&saved, now, wall() + 2 * DAY);
    assert_eq!(day.left(now), Some(10));
}

#[test]
fn what_is_left_must_last_until_the_oldest_request_comes_back() {
    let now = Instant::now();
    assert_eq!(Day::new(Some(10)).renews_in(now), DAY);
    let mut day = spent(10, 3, now);
    day.charge(now + HOUR);
    assert_eq!(day.renews_in(now + 2 * HOUR) + 2 * HOUR, DAY + SLOT);
    assert_eq!(day.renews_in(now + DAY + SLOT), HOUR);
}
