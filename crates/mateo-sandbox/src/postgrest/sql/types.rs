//! The types a column can have.

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
    Int4,
    Int8,
    Bool,
}

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

    /// The name PostgreSQL has for it in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::Timestamptz => "timestamp with time zone",
            Self::Enum => "import_type",
            Self::Jsonb => "jsonb",
            Self::Text => "text",
            Self::Int4 => "integer",
            Self::Int8 => "bigint",
            Self::Bool => "boolean",
        }
    }
}
