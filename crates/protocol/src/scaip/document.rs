//! The elements of a document: children of the root, in the order sent, and their texts.

use roxmltree::Node;

use super::DocumentError;
use crate::xml::{self, XmlError};

/// Codes may have leading zeros, up to this many digits (C).
const CODE_DIGITS_MAX: usize = 8;

/// What stands between the root's tags.
#[derive(Debug)]
pub(super) struct Elements {
    /// The local name of the root.
    pub(super) root: String,
    /// Names and texts of its children; an empty one is as good as absent and left out. Of `lge` its own
    /// children, as `lge/geo`; no other element that is within another counts.
    list: Vec<(String, String)>,
}

impl Elements {
    /// Reads a text.
    pub(super) fn parse(text: &str) -> Result<Elements, DocumentError> {
        let document = xml::parse(text).map_err(|error| match error {
            XmlError::DocumentType => DocumentError::DocumentType,
            XmlError::Malformed => DocumentError::NotWellFormed,
        })?;
        let root = document.root_element();
        let name = |node: &Node| node.tag_name().name().to_owned();
        let mut list = Vec::new();
        for child in root.children().filter(Node::is_element) {
            if name(&child) == "lge" {
                let parts = child.children().filter(Node::is_element);
                list.extend(parts.map(|part| (format!("lge/{}", name(&part)), content(&part))));
            } else {
                list.push((name(&child), content(&child)));
            }
        }
        list.retain(|(_, content)| !content.is_empty());
        Ok(Elements { root: name(&root), list })
    }

    /// Every text of a name.
    pub(super) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e str> {
        self.list.iter().filter(move |(known, _)| known == name).map(|(_, content)| content.as_str())
    }

    /// Names that are none of these, in order, each once.
    pub(super) fn other_than(&self, known: &[&str]) -> Vec<String> {
        let mut others: Vec<String> = Vec::new();
        for (name, _) in &self.list {
            if !known.contains(&name.as_str()) && !others.contains(name) {
                others.push(name.clone());
            }
        }
        others
    }

    /// The text of an element that may come once; it may come again when it says the same.
    pub(super) fn one(&self, element: &'static str) -> Result<Option<&str>, DocumentError> {
        let mut all = self.all(element);
        let first = all.next();
        if all.any(|other| Some(other) != first) {
            return Err(DocumentError::RepeatedElement { element });
        }
        Ok(first)
    }

    /// The number of a code, none where it is absent.
    pub(super) fn code(&self, element: &'static str, most: u16) -> Result<Option<u16>, DocumentError> {
        let Some(content) = self.one(element)? else { return Ok(None) };
        match code(content, most) {
            Some(number) => Ok(Some(number)),
            None => Err(DocumentError::BadContent { element, content: content.to_owned() }),
        }
    }

    /// The one digit of an element, zero where it is absent.
    pub(super) fn digit(&self, element: &'static str) -> Result<u8, DocumentError> {
        let number = self.code(element, 9)?.unwrap_or(0);
        Ok(u8::try_from(number).unwrap_or(u8::MAX))
    }
}

/// A number of one to eight digits that is at most so large.
pub(super) fn code(content: &str, most: u16) -> Option<u16> {
    let digits = (1..=CODE_DIGITS_MAX).contains(&content.len()) && content.bytes().all(|c| c.is_ascii_digit());
    let number: u16 = digits.then(|| content.parse().ok())??;
    (number <= most).then_some(number)
}

/// The texts right within an element, without what stands in elements of its own.
fn content(node: &Node) -> String {
    let text: String = node.children().filter(Node::is_text).filter_map(|text| text.text()).collect();
    text.trim_matches([' ', '\t', '\r', '\n']).to_owned()
}
