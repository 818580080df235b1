#![allow(missing_docs)]
use crate::{Registry, Signal, registry::Unit};
use std::sync::Arc;
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GroupKind {
    Area,
    Exchange,
    Carrier,
    Prefix,
    Scheme,
}
impl GroupKind {
    pub fn as_str(self) -> &'static str {
        "area"
    }
}
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Group {
    kind: GroupKind,
    name: Arc<str>,
}
impl Group {
    pub fn kind(&self) -> GroupKind {
        self.kind
    }
    pub fn key(&self) -> Arc<str> {
        self.name.clone()
    }
    pub fn words(&self) -> String {
        self.name.to_string()
    }
}
pub fn of_unit(_: &Unit) -> Vec<Group> {
    Vec::new()
}
pub fn of_signal(_: &Signal, _: &Registry) -> Vec<Group> {
    Vec::new()
}
