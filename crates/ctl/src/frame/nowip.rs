//! NOW-IP documents from named options: the fields of BS 8521.

use telecare_protocol::bs8521::Frame;
use telecare_protocol::nowip::{Document, Kind};
use time::OffsetDateTime;

use super::{BS8521, FieldDefault, FrameArguments, Slot};
use crate::Usage;

/// What documents of ours have as the label of the equipment: an address that no equipment has.
pub const MAC: &str = "020000000000";
/// Digits of a controller and of a local unit.
const WIDTHS: [(&str, usize); 2] = [("controller", 8), ("local-unit", 4)];

impl FrameArguments {
    /// The document of these fields at this time of day, with `defaults` as with BS 8521; without a call unless --speech
    /// says so.
    pub fn nowip(&self, defaults: &[FieldDefault]) -> Result<Vec<u8>, Usage> {
        let slots = BS8521.map(|(name, default)| if name == "speech" { (name, Some("0")) } else { (name, default) });
        let data = self.bs8521_frame(&slots, defaults, "nowip")?.data().map_err(|error| Usage(error.to_string()))?;
        Ok(document(Kind::Alarm, &data))
    }

    /// A sign of life.
    pub fn nowip_heartbeat(&self, controller: &str) -> Result<Vec<u8>, Usage> {
        let controller = self.controller.as_deref().unwrap_or(controller);
        let local_unit = self.local_unit.as_deref().unwrap_or("0000");
        for ((name, width), value) in WIDTHS.into_iter().zip([controller, local_unit]) {
            if value.len() != width || !value.bytes().all(|digit| digit.is_ascii_digit()) {
                return Err(Usage(format!("--{name} takes {width} digits, not {value:?}")));
            }
        }
        Ok(document(Kind::Heartbeat, &format!("{controller}{local_unit}")))
    }

    pub(super) fn bs8521_frame(
        &self,
        slots: &[Slot; 9],
        defaults: &[FieldDefault],
        layout: &str,
    ) -> Result<Frame, Usage> {
        let [category, speech, conformance, controller, local_unit, event, location, priority, status] =
            self.fill(slots, &[], defaults, layout)?;
        Ok(Frame { category, speech, conformance, controller, local_unit, event, location, priority, status })
    }
}

fn document(kind: Kind, data: &str) -> Vec<u8> {
    Document::new(kind, data, MAC, OffsetDateTime::now_utc().time()).write()
}
