//! The order of `jsonb` values, and what contains what.

use std::cmp::Ordering;

use super::{Json, number};

impl Json<'_> {
    /// PostgreSQL's order of two whole values: object, array, boolean, number, string, null, from greatest to least;
    /// containers by how many they hold before what they hold.
    pub(crate) fn compare(&self, other: &Json<'_>) -> Ordering {
        // A whole value that is a scalar is held as an array of one, so that it compares with arrays by their
        // lengths: `[] < null`, though inside containers any array is greater than any scalar.
        match (self, other) {
            (Json::Array(elements), scalar) if scalar.is_scalar() => {
                elements.len().cmp(&1).then(Ordering::Greater)
            }
            (scalar, Json::Array(elements)) if scalar.is_scalar() => {
                1.cmp(&elements.len()).then(Ordering::Less)
            }
            _ => self.compare_inside(other),
        }
    }

    fn compare_inside(&self, other: &Json<'_>) -> Ordering {
        match (self, other) {
            (Json::Bool(a), Json::Bool(b)) => a.cmp(b),
            (Json::Number(a), Json::Number(b)) => number::compare(a, b),
            (Json::String(a), Json::String(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Json::Array(a), Json::Array(b)) => a.len().cmp(&b.len()).then_with(|| {
                a.iter()
                    .zip(b)
                    .map(|(a, b)| a.compare_inside(b))
                    .find(|ordering| ordering.is_ne())
                    .unwrap_or(Ordering::Equal)
            }),
            (Json::Object(a), Json::Object(b)) => a.len().cmp(&b.len()).then_with(|| {
                a.iter()
                    .zip(b)
                    .map(|((a_name, a), (b_name, b))| {
                        let names = a_name.as_bytes().cmp(b_name.as_bytes());
                        names.then_with(|| a.compare_inside(b))
                    })
                    .find(|ordering| ordering.is_ne())
                    .unwrap_or(Ordering::Equal)
            }),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::String(_) => 1,
            Self::Number(_) => 2,
            Self::Bool(_) => 3,
            Self::Array(_) => 4,
            Self::Object(_) => 5,
        }
    }

    pub(super) fn is_scalar(&self) -> bool {
        !matches!(self, Self::Array(_) | Self::Object(_))
    }

    /// `@>` of two whole values: an array also contains a scalar that is one of its elements.
    pub(crate) fn contains(&self, part: &Json<'_>) -> bool {
        match (self, part) {
            (Json::Array(elements), scalar) if scalar.is_scalar() => {
                elements.iter().any(|element| element.equals_scalar(scalar))
            }
            _ => self.contains_inside(part),
        }
    }

    fn contains_inside(&self, part: &Json<'_>) -> bool {
        match (self, part) {
            (Json::Object(members), Json::Object(parts)) => {
                parts.len() <= members.len()
                    && parts.iter().all(|(name, part)| {
                        members
                            .iter()
                            .find(|(member, _)| member == name)
                            .is_some_and(|(_, value)| value.contains_inside(part))
                    })
            }
            (Json::Array(elements), Json::Array(parts)) => parts
                .iter()
                .all(|part| elements.iter().any(|element| element.contains_inside(part))),
            _ => self.equals_scalar(part),
        }
    }

    fn equals_scalar(&self, other: &Json<'_>) -> bool {
        self.is_scalar() && other.is_scalar() && self.compare_inside(other).is_eq()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json<'_> {
        Json::parse(text).unwrap()
    }

    #[test]
    fn values_stand_in_postgresqls_order() {
        // As `select j from (values …) t(j) order by j` gives them.
        let ordered = [
            "[]",
            "null",
            "\"\"",
            "\"B\"",
            "\"a\"",
            "-1",
            "0",
            "10",
            "false",
            "true",
            "[null]",
            "[1]",
            "[[]]",
            "[1, 2]",
            "{}",
            "{\"b\": 1}",
            "{\"a\": 1, \"b\": 0}",
        ];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(json(a).compare(&json(b)), i.cmp(&j), "{a} {b}");
            }
        }
    }

    #[test]
    fn containment_is_postgresqls() {
        for (whole, part, contains) in [
            ("[1, 2]", "1", true),
            ("[1, 2]", "[2, 2, 1]", true),
            ("[[1, 2]]", "[1]", false),
            ("[[1, 2]]", "[[1]]", true),
            ("{\"a\": [1, 2]}", "{\"a\": 1}", false),
            ("{\"a\": [1, 2]}", "{\"a\": [2]}", true),
            ("1", "1.0", true),
            ("1", "[1]", false),
            ("[]", "[[]]", false),
            ("{\"a\": 1}", "{}", true),
            ("[{\"a\": 1, \"b\": 2}]", "[{\"a\": 1}]", true),
            ("{\"a\": {}}", "{\"a\": []}", false),
        ] {
            assert_eq!(json(whole).contains(&json(part)), contains, "{whole} @> {part}");
        }
    }
}
