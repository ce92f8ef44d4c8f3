//! Repeatable random numbers: a seed gives the same sandbox on every machine.

use std::time::Duration;

use uuid::Uuid;

/// The generator `SplitMix64`: small, and good enough for test data. Not for secrets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, but without, `end`; 0 where `end` is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        // The high half of the product is below `end` (Lemire's method), so it fits.
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// A number from `first` to `last`, both included.
    pub(crate) fn between(&mut self, first: u64, last: u64) -> u64 {
        first.saturating_add(self.below(last.saturating_sub(first).saturating_add(1)))
    }

    /// A number from 0.0 up to, but without, 1.0.
    pub(crate) fn fraction(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
        let fraction = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        fraction
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// A time from zero up to `end`.
    pub(crate) fn up_to(&mut self, end: Duration) -> Duration {
        Duration::from_micros(self.between(0, u64::try_from(end.as_micros()).unwrap_or(u64::MAX)))
    }

    /// A time from `least` up to `most`.
    pub(crate) fn between_times(&mut self, least: Duration, most: Duration) -> Duration {
        least.saturating_add(self.up_to(most.saturating_sub(least)))
    }

    pub(crate) fn pick<T: Copy, const N: usize>(&mut self, items: &[T; N]) -> T {
        const { assert!(N > 0, "there must be something to pick") }
        let index = usize::try_from(self.below(N as u64)).unwrap_or_default();
        items[index]
    }

    /// A random uuid (version 4).
    pub(crate) fn uuid(&mut self) -> Uuid {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}

/// A number that depends on every byte of `parts`, for seeds and signatures (FNV-1a). Not for secrets.
pub(crate) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        // So that ("a", "bc") and ("ab", "c") differ.
        hash = hash.wrapping_mul(0x0100_0000_01b3) ^ 0xff;
    }
    // FNV's low bits are weak: one round of SplitMix mixes them.
    Random::new(hash).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_within_their_range_and_reach_both_ends() {
        let mut random = Random::new(1);
        let seen: std::collections::BTreeSet<u64> = (0..200).map(|_| random.between(3, 6)).collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [3, 4, 5, 6]);
        assert_eq!(random.below(0), 0);
        assert_eq!(Random::new(7).next(), Random::new(7).next());
    }

    #[test]
    fn a_chance_is_taken_about_that_often() {
        let mut random = Random::new(2);
        let taken = (0..10_000).filter(|_| random.chance(0.25)).count();
        assert!((2_300..2_700).contains(&taken), "{taken}");
        assert!(!random.chance(0.0));
        assert!(random.chance(1.0));
    }

    #[test]
    fn a_digest_depends_on_where_its_parts_end() {
        assert_ne!(digest([&b"a"[..], b"bc"]), digest([&b"ab"[..], b"c"]));
        assert_eq!(digest([&b"abc"[..]]), digest([&b"abc"[..]]));
    }
}
