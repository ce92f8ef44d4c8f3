//! The names of the 13 columns, and which of them may be missing.

/// A column of the API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Column {
    Id,
    CreatedAt,
    UpdatedAt,
    OrganisationId,
    Type,
    Nullable(Nullable),
}

/// A column that may be null, and so may be missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Nullable {
    Payload,
    ContactListId,
    FailedUrl,
    PayloadUrl,
    TotalCount,
    SuccessCount,
    FailedCount,
    ReferenceId,
}

impl Column {
    /// All of them, in the order in which the server sends them.
    pub(super) const ALL: [Self; 13] = [
        Self::Id,
        Self::CreatedAt,
        Self::UpdatedAt,
        Self::OrganisationId,
        Self::Type,
        Self::Nullable(Nullable::Payload),
        Self::Nullable(Nullable::ContactListId),
        Self::Nullable(Nullable::FailedUrl),
        Self::Nullable(Nullable::PayloadUrl),
        Self::Nullable(Nullable::TotalCount),
        Self::Nullable(Nullable::SuccessCount),
        Self::Nullable(Nullable::FailedCount),
        Self::Nullable(Nullable::ReferenceId),
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::OrganisationId => "organisation_id",
            Self::Type => "type",
            Self::Nullable(column) => column.name(),
        }
    }

    /// The column of that name; a `match`, which is faster than a search.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "id" => Self::Id,
            "created_at" => Self::CreatedAt,
            "updated_at" => Self::UpdatedAt,
            "organisation_id" => Self::OrganisationId,
            "type" => Self::Type,
            "payload" => Self::Nullable(Nullable::Payload),
            "contact_list_id" => Self::Nullable(Nullable::ContactListId),
            "failed_url" => Self::Nullable(Nullable::FailedUrl),
            "payload_url" => Self::Nullable(Nullable::PayloadUrl),
            "total_count" => Self::Nullable(Nullable::TotalCount),
            "success_count" => Self::Nullable(Nullable::SuccessCount),
            "failed_count" => Self::Nullable(Nullable::FailedCount),
            "reference_id" => Self::Nullable(Nullable::ReferenceId),
            _ => return None,
        })
    }
}

impl Nullable {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Payload => "payload",
            Self::ContactListId => "contact_list_id",
            Self::FailedUrl => "failed_url",
            Self::PayloadUrl => "payload_url",
            Self::TotalCount => "total_count",
            Self::SuccessCount => "success_count",
            Self::FailedCount => "failed_count",
            Self::ReferenceId => "reference_id",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Column;

    #[test]
    fn every_column_is_found_by_its_name() {
        for column in Column::ALL {
            assert_eq!(Column::of(column.name()), Some(column));
        }
        assert_eq!(Column::of("hints"), None);
    }
}
