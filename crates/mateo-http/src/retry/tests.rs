//! The decision as a table.

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const TRANSIENT: Class = Class::Transient { asked: None };
const REFUSED: Class = Class::Refusal { asked: SECOND };

fn attempt(class: Class, failures: u32, refusals: u32) -> Attempt {
    Attempt {
        class,
        failures,
        refusals,
        elapsed: Duration::ZERO,
        deadline: Duration::MAX,
        random: 0.0,
    }
}

fn retries(retry: &Retry, attempt: Attempt) -> bool {
    match retry.decide(attempt) {
        Ok(_) => true,
        Err(why) => {
            assert_eq!(why, GiveUp::AttemptsSpent);
            false
        }
    }
}

#[test]
fn a_final_failure_is_reported() {
    let decision = Retry::default().decide(attempt(Class::Final, 1, 0));
    assert_eq!(decision, Err(GiveUp::NotRetryable));
}

#[test]
fn waits() {
    let asking = |seconds: u32| Class::Transient {
        asked: Some(seconds * SECOND),
    };
    let table = [
        // class, failures, refusals, random, wait in ms
        (TRANSIENT, 1, 0, 0.0, 0),
        (TRANSIENT, 1, 0, 0.5, 250),
        (TRANSIENT, 2, 0, 0.5, 500),
        (TRANSIENT, 3, 0, 0.5, 1000),
        (TRANSIENT, 2, 20, 0.5, 500),
        (asking(3), 1, 0, 0.0, 3000),
        (asking(3), 4, 0, 0.5, 3250),
        (REFUSED, 0, 1, 0.5, 1250),
        (REFUSED, 2, 20, 0.5, 1250),
    ];
    for (class, failures, refusals, random, wait) in table {
        let mut attempt = attempt(class, failures, refusals);
        attempt.random = random;
        let after = Duration::from_millis(wait);
        assert_eq!(
            Retry::default().decide(attempt),
            Ok(after),
            "{class:?} {failures} {refusals} {random}"
        );
    }
}

#[test]
fn backoff_never_exceeds_its_bound() {
    let retry = Retry::default().attempts(u32::MAX).longest(8 * SECOND);
    for number in [1, 5, 6, 40, u32::MAX - 1] {
        let mut attempt = attempt(TRANSIENT, number, 0);
        attempt.random = 1.0;
        let Ok(after) = retry.decide(attempt) else {
            panic!("gave up at {number}")
        };
        assert!(after <= 8 * SECOND, "{number}: {after:?}");
    }
}

#[test]
fn settings_without_bounds_never_overflow() {
    let retry = Retry::default()
        .attempts(u32::MAX)
        .base(Duration::MAX)
        .longest(Duration::MAX);
    for asked in [None, Some(Duration::MAX)] {
        let mut attempt = attempt(Class::Transient { asked }, 1000, u32::MAX - 1001);
        for random in [1.0, f64::NAN] {
            attempt.random = random;
            let _ = retry.decide(attempt);
        }
        attempt.elapsed = Duration::MAX;
        let decision = retry.decide(attempt);
        assert!(matches!(decision, Err(GiveUp::Deadline { .. })), "{decision:?}");
    }
}

#[test]
fn the_last_attempt_is_the_last() {
    let retry = Retry::default();
    assert!(retries(&retry, attempt(TRANSIENT, 4, 0)));
    assert!(!retries(&retry, attempt(TRANSIENT, 5, 0)));
}

#[test]
fn refusals_for_the_rate_limit_are_counted_apart() {
    for (retry, limit) in [
        (Retry::default(), 30),
        (Retry::default().attempts(5).refusals(10), 10),
    ] {
        assert!(retries(&retry, attempt(REFUSED, 0, limit)));
        assert!(!retries(&retry, attempt(REFUSED, 0, limit + 1)));
        // Refusals before do not make the fourth failure the last, and four failures don't make the first refusal so.
        assert!(retries(&retry, attempt(TRANSIENT, 4, limit)));
        assert!(!retries(&retry, attempt(TRANSIENT, 5, limit)));
        assert!(retries(&retry, attempt(REFUSED, 4, 1)));
    }
}

#[test]
fn attempts_that_are_set_are_all_that_is_sent() {
    let retry = Retry::default().attempts(2);
    for (failures, refusals) in [(1, 0), (0, 1)] {
        assert!(retries(&retry, attempt(REFUSED, failures, refusals)));
    }
    for (failures, refusals) in [(2, 0), (1, 1), (0, 2)] {
        assert!(!retries(&retry, attempt(REFUSED, failures, refusals)));
        assert!(!retries(&retry, attempt(TRANSIENT, failures, refusals)));
    }
}

#[test]
fn off_by_one_setting() {
    for off in [
        Retry::none(),
        Retry::default().attempts(1),
        Retry::default().attempts(0),
    ] {
        for class in [TRANSIENT, REFUSED] {
            assert_eq!(off.decide(attempt(class, 1, 1)), Err(GiveUp::Disabled));
        }
    }
}

#[test]
fn a_wait_never_crosses_the_deadline() {
    let asked = Some(5 * SECOND);
    let mut attempt = attempt(Class::Transient { asked }, 1, 0);
    (attempt.elapsed, attempt.deadline) = (SECOND, 6 * SECOND + Duration::from_millis(1));
    assert_eq!(Retry::default().decide(attempt), Ok(5 * SECOND));
    for deadline in [6 * SECOND, 2 * SECOND, SECOND, Duration::ZERO] {
        attempt.deadline = deadline;
        assert_eq!(
            Retry::default().decide(attempt),
            Err(GiveUp::Deadline { wait: 5 * SECOND })
        );
    }
}
