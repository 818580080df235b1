//! An instant on the wire.

use serde::{Serialize, Serializer};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// RFC 3339 in UTC with six digits of a second, so that texts sort as times do.
const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// An instant on the wire: `2026-03-01T08:00:00.000000Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp(pub OffsetDateTime);

impl PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let schema: Object = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("An instant in UTC with six digits of a second, so that texts sort as times do."))
            .examples(["2026-03-01T08:00:00.000000Z"])
            .build();
        schema.into()
    }
}

impl ToSchema for Timestamp {}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.to_offset(UtcOffset::UTC).format(FORMAT).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn every_instant_is_told_in_utc_with_six_digits() {
        let table = [
            (datetime!(2026-03-01 8:00 UTC), "\"2026-03-01T08:00:00.000000Z\""),
            (datetime!(2026-07-01 00:30:00.1234567 +1), "\"2026-06-30T23:30:00.123456Z\""),
        ];
        for (at, text) in table {
            assert_eq!(serde_json::to_string(&Timestamp(at)).unwrap(), text);
        }
    }
}
