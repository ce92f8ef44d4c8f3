//! A request's turn: what its permit tells the store.

use super::{Act, KeyBudget, random};
use crate::budget::Permit;
use crate::budget::ledger::Answer;
use crate::headers::ResponseFacts;
use crate::transport::BoxFuture;

#[derive(Debug)]
pub(super) struct Turn {
    budget: KeyBudget,
    pub(super) id: i64,
    pub(super) left_today: Option<u64>,
    /// What the store must be told when the turn is dropped.
    pub(super) untold: Option<Act>,
}

impl Turn {
    pub(super) fn new(budget: KeyBudget) -> Self {
        let id = random();
        Self {
            budget,
            id,
            left_today: None,
            untold: Some(Act::Return { id }),
        }
    }

    /// Tells the store how the turn ended.
    async fn end(mut self: Box<Self>, act: Act) {
        self.untold = Some(act.clone());
        self.budget.tell(act).await;
        self.untold = None;
    }
}

impl Permit for Turn {
    fn sent(&mut self) {
        self.untold = Some(Act::Abandon { id: self.id });
    }

    fn answered(self: Box<Self>, facts: &ResponseFacts) -> BoxFuture<'static, ()> {
        let act = Act::Answer {
            id: self.id,
            answer: Answer::read(facts, &self.budget.0.terms),
        };
        Box::pin(self.end(act))
    }

    fn give_back(self: Box<Self>) -> BoxFuture<'static, ()> {
        let act = Act::Return { id: self.id };
        Box::pin(self.end(act))
    }

    fn left_today(&self) -> Option<u64> {
        self.left_today
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(act) = self.untold.take() {
            self.budget.tell_later(act);
        }
    }
}
