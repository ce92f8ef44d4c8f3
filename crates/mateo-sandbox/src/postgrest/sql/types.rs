//! The types that columns have, and those that a value can be cast to.

use mateo_model::columns::ColumnKind;

/// The type of a column or of a value computed from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Type {
    Uuid,
    Timestamptz,
    /// `import_type`.
    Enum,
    Jsonb,
    Text,
    Bool,
    Int2,
    Int4,
    Int8,
    Numeric,
    Date,
}

/// The names of each, the first being the one in PostgreSQL's messages.
const NAMES: [(Type, &[&str]); 11] = [
    (Type::Uuid, &["uuid"]),
    (Type::Timestamptz, &["timestamp with time zone", "timestamptz"]),
    (Type::Enum, &["import_type"]),
    (Type::Jsonb, &["jsonb"]),
    (Type::Text, &["text", "character varying", "varchar"]),
    (Type::Bool, &["boolean", "bool"]),
    (Type::Int2, &["smallint", "int2"]),
    (Type::Int4, &["integer", "int", "int4"]),
    (Type::Int8, &["bigint", "int8"]),
    (Type::Numeric, &["numeric", "decimal"]),
    (Type::Date, &["date"]),
];

impl Type {
    pub(crate) const fn of(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::Uuid => Self::Uuid,
            ColumnKind::Timestamp => Self::Timestamptz,
            ColumnKind::ImportType => Self::Enum,
            ColumnKind::Json => Self::Jsonb,
            ColumnKind::Text => Self::Text,
            ColumnKind::Integer => Self::Int4,
        }
    }

    /// The type that a query calls so.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        let (of, _) = NAMES.iter().find(|(_, names)| names.contains(&&*name))?;
        Some(*of)
    }

    pub(crate) fn name(self) -> &'static str {
        let names = NAMES.iter().find(|(of, _)| *of == self);
        names.and_then(|(_, names)| names.first()).unwrap_or(&"")
    }

    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Int2 | Self::Int4 | Self::Int8 | Self::Numeric)
    }
}
