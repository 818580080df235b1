//! What a document is by its first tag, also when the rest of it is broken; and its text, whatever its characters.

/// Roots of requests, of answers, of the one dialect that names both alike, and of the draft of 2012.
const ROOTS: [&str; 5] = ["mrq", "mrs", "scaip", "message-request", "message-response"];

/// Whether a body is a document of this protocol, by its root alone: also where the XML is broken behind it.
pub fn is_scaip(body: &[u8]) -> bool {
    root(&text_of(body).0).is_some_and(|root| ROOTS.contains(&root))
}

/// Whether a body is, by its root alone, a document of NOW-IP, in whatever case its unit writes it.
pub(crate) fn is_nowip(body: &[u8]) -> bool {
    root(&text_of(body).0).is_some_and(|root| root.eq_ignore_ascii_case("ATM"))
}

/// The text: UTF-8, else all of it ISO-8859-1, which is told. Without a byte order mark, blanks before it and zeros
/// behind it.
pub(super) fn text_of(body: &[u8]) -> (String, bool) {
    let trimmed = |text: &str| {
        let end = text.trim_end_matches('\0').len();
        let text = text.get(..end).unwrap_or_default();
        text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).to_owned()
    };
    match std::str::from_utf8(body) {
        Ok(text) => (trimmed(text), false),
        Err(_) => {
            let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
            let text: String = body.iter().map(|byte| char::from(*byte)).collect();
            (trimmed(&text), true)
        }
    }
}

/// The local name of the first element: behind declarations, comments and a document type.
pub(super) fn root(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        let (_, behind) = rest.split_once('<')?;
        rest = if let Some(comment) = behind.strip_prefix("!--") {
            comment.split_once("-->")?.1
        } else if let Some(instruction) = behind.strip_prefix('?') {
            instruction.split_once("?>")?.1
        } else if behind.starts_with('!') {
            behind_document_type(behind)?
        } else {
            return Some(local_name(behind)).filter(|name| !name.is_empty());
        };
    }
}

/// The name that a tag begins with, without its prefix.
fn local_name(tag: &str) -> &str {
    let name = tag.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/' | '<')).next().unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default()
}

/// What stands behind a document type and the declarations between its brackets.
fn behind_document_type(declaration: &str) -> Option<&str> {
    let mut quote = None;
    let mut depth = 0_usize;
    for (at, c) in declaration.char_indices() {
        match (quote, c) {
            (Some(open), _) => quote = Some(open).filter(|open| *open != c),
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '<') => depth = depth.saturating_add(1),
            (None, ']') => depth = depth.saturating_sub(1),
            (None, '>') if depth == 0 => return declaration.get(at..),
            (None, '>') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
    }
    None
}

/// The text of the first element of a name that is opened and closed, wherever it stands: for documents that are
/// broken elsewhere.
pub(super) fn scan<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut rest = text;
    loop {
        let (_, tag) = rest.split_once('<')?;
        rest = tag;
        if local_name(tag) != name || tag.starts_with('/') {
            continue;
        }
        let Some((_, content)) = tag.split_once('>') else { continue };
        let Some((content, end)) = content.split_once('<') else { continue };
        let content = content.trim_matches([' ', '\t', '\r', '\n']);
        if end.starts_with('/') && !content.is_empty() {
            return Some(content);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_found_behind_whatever_comes_first() {
        for (text, expected) in [
            ("<mrq><ref>", Some("mrq")),
            ("<mrq/>", Some("mrq")),
            ("<s:mrq xmlns:s=\"x\">", Some("mrq")),
            ("<?xml version=\"1.0\"?>\n<!-- <mrs> -->\n<mrq >", Some("mrq")),
            ("<?xml <mrs> ?><mrq>", Some("mrq")),
            ("<!DOCTYPE mrq [<!ENTITY a \"<mrs>]\"><!ENTITY b '>'>]><mrq>", Some("mrq")),
            ("<!DOCTYPE mrq SYSTEM \"a>b\"><ATM>", Some("ATM")),
            ("noise <mrq>", Some("mrq")),
            ("<!-- <mrq>", None),
            ("<", None),
            ("", None),
            ("hello", None),
        ] {
            assert_eq!(root(text), expected, "{text}");
        }
    }

    #[test]
    fn it_is_ours_by_its_root_however_broken() {
        for body in [
            &b"<mrq><ref>1<"[..],
            b"\xef\xbb\xbf \r\n<mrq>",
            b"\xef\xbb\xbf<mrq>\xe5",
            b"<mrs>",
            b"<scaip>",
            b"<message-request>",
            b"<mrq>\0\0",
        ] {
            assert!(is_scaip(body), "{}", String::from_utf8_lossy(body));
        }
        for body in [&b"<ATM>"[..], b"<MRQ>", b"hello", b"", b"<mrqx>", b"mrq", b"<?xml?><ATM><mrq>"] {
            assert!(!is_scaip(body), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn text_is_utf_8_or_all_of_it_latin_1() {
        for (body, text, latin) in [
            (&b"\xef\xbb\xbf\r\n <a/>\0\0"[..], "<a/>", false),
            ("<a>ö</a>".as_bytes(), "<a>ö</a>", false),
            (b"<a>\xf6\xc3\xb6</a>", "<a>öÃ¶</a>", true),
            (b"\xef\xbb\xbf<a>\xf6</a>", "<a>ö</a>", true),
        ] {
            assert_eq!(text_of(body), (text.to_owned(), latin));
        }
    }

    #[test]
    fn a_scan_takes_what_is_opened_and_closed() {
        for (text, expected) in [
            ("<mrq><ref> 1 </ref><stc>00", Some("1")),
            ("<mrq><s:ref a=\"b\">1</s:ref>", Some("1")),
            ("<ref></ref><ref>2</ref>", Some("2")),
            ("<ref>1", None),
            ("<ref>1<x>", None),
            ("<reference>1</reference>", None),
            ("</ref>1</ref>", None),
        ] {
            assert_eq!(scan(text, "ref"), expected, "{text}");
        }
    }
}
