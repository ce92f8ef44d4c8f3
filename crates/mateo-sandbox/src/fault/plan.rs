//! Which faults strike which request.

use super::{FaultRule, Stage, Strike, When};
use crate::random::Random;

/// The rules in force, and how many requests each has seen.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    rules: Vec<Armed>,
    random: Random,
}

#[derive(Debug)]
struct Armed {
    rule: FaultRule,
    seen: u64,
    /// Whether it strikes the next request: drawn in advance, so that a port can be closed before that request comes.
    strikes: bool,
}

impl Plan {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rules: Vec::new(),
            random: Random::new(seed),
        }
    }

    pub(crate) fn add(&mut self, rule: FaultRule) {
        let mut armed = Armed {
            rule,
            seen: 0,
            strikes: false,
        };
        armed.look_ahead(&mut self.random);
        self.rules.push(armed);
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// The faults of one request, in the order their rules were given.
    pub(crate) fn strike(&mut self, stage: Stage, is_for_files: bool) -> Strike {
        let mut faults = Vec::new();
        let rules = self
            .rules
            .iter_mut()
            .filter(|armed| armed.rule.fault.stage() == stage && armed.rule.is_for_files == is_for_files);
        for armed in rules {
            if armed.strikes {
                faults.push(armed.rule.fault);
            }
            armed.seen = armed.seen.saturating_add(1);
            armed.look_ahead(&mut self.random);
        }
        Strike::new(faults)
    }

    /// Whether the next connection to this origin is to be refused.
    pub(crate) fn refuses_next(&self, is_for_files: bool) -> bool {
        self.rules.iter().any(|armed| {
            armed.strikes && armed.rule.fault.refuses_connections() && armed.rule.is_for_files == is_for_files
        })
    }
}

impl Armed {
    fn look_ahead(&mut self, random: &mut Random) {
        let next = self.seen.saturating_add(1);
        self.strikes = match self.rule.when {
            When::Always => true,
            When::Nth(n) => next == n,
            When::Every(n) => n > 0 && next.is_multiple_of(n),
            When::From(n) => next >= n,
            When::Chance(probability) => random.chance(probability),
        };
    }
}
