//! A clock that all processes of a machine agree on, and that nobody can set.
//!
//! Within one run of the machine, time is its uptime, suspensions included. A reading of another run (or of a container with
//! a time of its own) cannot be compared by uptime; there the wall clock says how much time has passed, and never less
//! than none.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// What the clocks say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reading {
    /// The run of the machine.
    pub(crate) run: String,
    /// Since the machine started, where it says so.
    pub(crate) uptime: Option<Duration>,
    /// Since 1970.
    pub(crate) wall: Duration,
}

impl Reading {
    /// How much time has passed since an earlier reading: never more than truly has, as far as that can be known.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        let by_wall = || self.wall.saturating_sub(earlier.wall);
        match (self.uptime, earlier.uptime) {
            (Some(now), Some(then)) if self.run == earlier.run => match now.checked_sub(then) {
                Some(passed) => passed,
                // Where runs have no names, a shorter uptime shows another one.
                None if self.run.is_empty() => by_wall(),
                None => Duration::ZERO,
            },
            _ => by_wall(),
        }
    }
}

/// Reads the clocks.
#[derive(Debug)]
pub(crate) struct Clocks {
    run: String,
}

impl Clocks {
    pub(crate) fn new() -> Self {
        Self { run: run() }
    }

    pub(crate) fn read(&self) -> Reading {
        Reading {
            run: self.run.clone(),
            uptime: uptime(),
            wall: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        }
    }
}

/// The name of this run of the machine: Linux has one, and one for containers with a time of their own.
fn run() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let time = std::fs::read_link("/proc/self/ns/time").unwrap_or_default();
    if boot.is_empty() {
        return String::new();
    }
    format!("{} {}", boot.trim(), time.display())
}

#[cfg(unix)]
fn uptime() -> Option<Duration> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = rustix::time::ClockId::Monotonic;
    let time = rustix::time::clock_gettime(clock);
    Some(Duration::new(
        u64::try_from(time.tv_sec).ok()?,
        u32::try_from(time.tv_nsec).ok()?,
    ))
}

#[cfg(not(unix))]
fn uptime() -> Option<Duration> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn reading(run: &str, uptime: u32, wall: u32) -> Reading {
        Reading {
            run: run.to_owned(),
            uptime: Some(HOUR * uptime),
            wall: HOUR * wall,
        }
    }

    #[test]
    fn within_a_run_the_wall_clock_may_jump() {
        let earlier = reading("a", 5, 1000);
        for wall in [0, 999, 1000, 1001, 5000] {
            assert_eq!(reading("a", 7, wall).since(&earlier), 2 * HOUR, "{wall}");
        }
        assert_eq!(reading("a", 4, 1000).since(&earlier), Duration::ZERO);
    }

    #[test]
    fn across_a_restart_the_wall_clock_says_how_long_it_was_and_never_less_than_nothing() {
        let earlier = reading("a", 5, 1000);
        assert_eq!(reading("b", 1, 1003).since(&earlier), 3 * HOUR);
        assert_eq!(reading("b", 9, 700).since(&earlier), Duration::ZERO);
        // Without names, a longer uptime is never more than what has passed.
        let earlier = reading("", 5, 1000);
        assert_eq!(reading("", 6, 1024).since(&earlier), HOUR);
        assert_eq!(reading("", 1, 1024).since(&earlier), 24 * HOUR);
    }

    #[test]
    fn the_machines_own_clocks_go_on() {
        let clocks = Clocks::new();
        let earlier = clocks.read();
        assert!(clocks.read().since(&earlier) < HOUR);
    }
}
