//! A document that cannot be taken as a request: the alarm in it never vanishes because it was badly written.

use super::document::Elements;
use super::request::{is_controller, is_reference, long_code};
use super::root::scan;
use super::{DocumentError, Response, Snu};
use crate::report::texts;
use crate::{Codes, Fault, Protocol, Report, codes::Table};

/// What was wrong, and what of it could be read all the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Bad {
    /// What the unit is told.
    pub number: Snu,
    /// What was wrong.
    pub error: DocumentError,
    /// The same for reports.
    pub fault: Fault,
    /// `ref`, if it can be echoed.
    pub reference: Option<String>,
    /// `cid`, the first of several.
    pub identity: Option<String>,
    /// `dty`, where it is a code.
    pub device_type: Option<u16>,
    /// `stc`, where it is a code.
    pub status_code: Option<u16>,
    /// Whether it came in the dialect whose answer goes into the body of the SIP answer.
    pub embedded: bool,
    /// Deviations beside it.
    pub warnings: Vec<&'static str>,
}

impl Bad {
    /// From a document whose elements were read.
    pub(super) fn of_elements(error: DocumentError, elements: &Elements) -> Bad {
        Bad::of(error, |name| elements.all(name).next())
    }

    /// From a text that is no whole document.
    pub(super) fn of_text(error: DocumentError, text: &str) -> Bad {
        Bad::of(error, |name| scan(text, name))
    }

    fn of<'t>(error: DocumentError, find: impl Fn(&'static str) -> Option<&'t str>) -> Bad {
        Bad {
            number: error.number(),
            fault: error.fault(),
            error,
            reference: find("ref").filter(|text| is_reference(text)).map(str::to_owned),
            identity: find("cid").filter(|text| is_controller(text)).map(str::to_owned),
            device_type: find("dty").and_then(long_code),
            status_code: find("stc").and_then(long_code),
            embedded: false,
            warnings: Vec::new(),
        }
    }

    /// Somebody has to look at it; what was recovered stands in its fields.
    pub fn report(&self, codes: &Codes) -> Report {
        let mut report = Report::unreadable(Protocol::Scaip, self.fault.clone());
        let code = |code: Option<u16>| code.map(|code| format!("{code:04}")).unwrap_or_default();
        let (device, status) = (code(self.device_type), code(self.status_code));
        let words = |table, code: &str| if code.is_empty() { String::new() } else { codes.words(table, code) };
        report.identity.clone_from(&self.identity);
        report.fields = texts(&[
            ("ref", self.reference.as_deref().unwrap_or_default()),
            ("cid", self.identity.as_deref().unwrap_or_default()),
            ("dty", &device),
            ("device", &words(Table::ScaipDeviceTypes, &device)),
            ("stc", &status),
            ("status", &words(Table::ScaipStatusCodes, &status)),
        ]);
        report.warnings = self.warnings.iter().map(|warning| (*warning).to_owned()).collect();
        report
    }

    /// What the unit is told, once it is stored that somebody has to look.
    pub fn response(&self) -> Response {
        Response {
            reference: self.reference.clone().unwrap_or_else(|| super::response::NO_REFERENCE.to_owned()),
            number: self.number,
            text: Some(self.error.reason().to_owned()),
            voice: None,
            embedded: self.embedded,
        }
    }
}
