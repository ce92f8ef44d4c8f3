//! Where the request budget is kept, as a setting.

use std::fmt;
use std::str::FromStr;

/// What the setting `budget` can be.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) enum BudgetFrom {
    /// The file of this user.
    #[default]
    File,
    /// Nothing that others see.
    Process,
    /// The server of this URL, for many machines. It may hold a password.
    Server(String),
}

impl FromStr for BudgetFrom {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "file" => Ok(Self::File),
            "none" => Ok(Self::Process),
            url if url.contains("://") => Ok(Self::Server(url.to_owned())),
            _ => Err(()),
        }
    }
}

impl fmt::Debug for BudgetFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for BudgetFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Process => "none",
            Self::Server(_) => "a server",
        })
    }
}
