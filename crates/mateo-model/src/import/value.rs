//! The value of a column in a row: how each Rust type of a field is read, written and shown.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use uuid::Uuid;

use crate::import_type::ImportType;
use crate::raw::RawJson;
use crate::timestamp;

/// A type that a field of an import may have.
pub(super) trait Value: Sized {
    /// What is read in its place.
    type Read: for<'de> Deserialize<'de>;
    /// What is written in its place.
    type Written<'a>: Serialize
    where
        Self: 'a;

    /// What was read, and with how many digits of fraction if it is a time.
    fn of(read: Self::Read) -> (Self, u8);

    /// The value to be written, with at least so many digits of fraction if it is a time.
    fn written(&self, digits: u8) -> Self::Written<'_>;

    /// The value of a new row: NULL where it may be.
    fn blank() -> Self;

    fn is_null(&self) -> bool {
        false
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// A value in the `Debug` of its row.
pub(super) struct Shown<'a, V>(pub(super) &'a V);

impl<V: Value> fmt::Debug for Shown<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show(f)
    }
}

impl<V: Value> Value for Option<V> {
    type Read = Option<V::Read>;
    type Written<'a>
        = Option<V::Written<'a>>
    where
        V: 'a;

    fn of(read: Self::Read) -> (Self, u8) {
        read.map_or((None, 0), |read| {
            let (value, digits) = V::of(read);
            (Some(value), digits)
        })
    }

    fn written(&self, digits: u8) -> Self::Written<'_> {
        self.as_ref().map(|value| value.written(digits))
    }

    fn blank() -> Self {
        None
    }

    fn is_null(&self) -> bool {
        self.is_none()
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_ref().map(Shown), f)
    }
}

/// Types that are read and written as they are.
macro_rules! plain {
    ($($type:ty: $blank:expr, $show:expr;)+) => {$(
        impl Value for $type {
            type Read = Self;
            type Written<'a> = &'a Self;

            fn of(read: Self) -> (Self, u8) {
                (read, 0)
            }

            fn written(&self, _: u8) -> &Self {
                self
            }

            fn blank() -> Self {
                $blank
            }

            fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let show: fn(&Self, &mut fmt::Formatter<'_>) -> fmt::Result = $show;
                show(self, f)
            }
        }
    )+};
}

plain! {
    Uuid: Self::nil(), fmt::Debug::fmt;
    ImportType: Self::ContactDetails, fmt::Debug::fmt;
    RawJson: Self::null(), fmt::Debug::fmt;
    i32: 0, fmt::Debug::fmt;
    // What a URL is signed with stands after its path.
    String: Self::new(), |text, f| match text.find(['?', '#']) {
        Some(end) if text.contains("://") => write!(f, "\"{}?…\"", text.get(..end).unwrap_or_default().escape_debug()),
        _ => fmt::Debug::fmt(text, f),
    };
}

impl Value for DateTime<Utc> {
    type Read = Time;
    type Written<'a> = timestamp::Text;

    fn of(read: Time) -> (Self, u8) {
        (read.time, read.digits)
    }

    fn written(&self, digits: u8) -> timestamp::Text {
        timestamp::Text { time: *self, digits }
    }

    fn blank() -> Self {
        Self::UNIX_EPOCH
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&timestamp::display(*self), f)
    }
}

/// A time with the number of digits its fraction came with.
pub(super) struct Time {
    time: DateTime<Utc>,
    digits: u8,
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Time;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a point in time")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
                timestamp::read(text)
                    .map(|(time, digits)| Time { time, digits })
                    .map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

impl Serialize for timestamp::Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
