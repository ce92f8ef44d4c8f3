//! The syntax of a query, for those who read or build one piece by piece: the tree below a [`Filter`](crate::Filter), an
//! [`Order`](crate::Order) and a [`Select`](crate::Select).

pub(crate) mod field;
pub(crate) mod filter;
pub(crate) mod order;
pub(crate) mod test;

pub use field::{Arrow, Field, PathKey};
pub use filter::Node;
pub use test::{Operator, Quantifier, Test, Truth};
