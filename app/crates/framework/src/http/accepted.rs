//! The header `Accept-Encoding`: which encodings a client takes, and how much it likes them.

use http::{HeaderMap, header};

/// The value of a weight, in thousandths.
type Weight = u16;

/// What a client says of encodings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    named: Vec<(String, Weight)>,
    /// Of what is not named.
    others: Option<Weight>,
}

impl Accepted {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut accepted = Self::default();
        let lists = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
        for one in lists.flat_map(|list| list.split(',')) {
            let (name, parameters) = one.split_once(';').map_or((one, None), |(name, rest)| (name, Some(rest)));
            // A weight that cannot be read says nothing good.
            let weight = parameters.map_or(1000, |text| weight(text).unwrap_or(0));
            match name.trim().to_ascii_lowercase().as_str() {
                "" => {}
                "*" => accepted.others = Some(weight),
                "x-gzip" => accepted.named.push(("gzip".to_owned(), weight)),
                name => accepted.named.push((name.to_owned(), weight)),
            }
        }
        accepted
    }

    /// The best of what there is, the earlier of two that are liked equally. None when the client would rather have
    /// what there is as it is, or says nothing.
    pub(crate) fn best<T: Copy>(
        &self,
        choices: impl IntoIterator<Item = T>,
        token: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let named = |token: &str| self.named.iter().find(|(name, _)| name == token).map(|(_, weight)| *weight);
        let plain = named("identity").unwrap_or(0);
        let mut best: Option<(Weight, T)> = None;
        for choice in choices {
            let weight = named(token(choice)).or(self.others).unwrap_or(0);
            if weight > 0 && weight >= plain && best.is_none_or(|(other, _)| weight > other) {
                best = Some((weight, choice));
            }
        }
        best.map(|(_, choice)| choice)
    }
}

/// `q=0.5`: from 0 to 1, with three digits at most.
fn weight(text: &str) -> Option<Weight> {
    let (name, value) = text.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: Weight = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn best(values: &[&'static str]) -> Option<&'static str> {
        let headers = values.iter().map(|value| (header::ACCEPT_ENCODING, HeaderValue::from_static(value)));
        let mut all = HeaderMap::new();
        headers.for_each(|(name, value)| {
            all.append(name, value);
        });
        Accepted::of(&all).best(["br", "zstd", "gzip"], |token| token)
    }

    #[test]
    fn the_best_encoding_is_chosen() {
        assert_eq!(best(&[]), None);
        for (value, expected) in [
            ("", None),
            ("gzip", Some("gzip")),
            ("gzip, deflate, br, zstd", Some("br")),
            ("GZip", Some("gzip")),
            ("x-gzip", Some("gzip")),
            ("gzip;q=0.9, br;q=0.1", Some("gzip")),
            ("gzip;q=0.5,br;q=0.501", Some("br")),
            ("br;q=0, gzip;q=0", None),
            ("br;q=0, *", Some("zstd")),
            ("*", Some("br")),
            ("*;q=0", None),
            ("gzip;q=1, *;q=0", Some("gzip")),
            ("identity;q=1, *;q=0", None),
            ("identity, gzip;q=0.5", None),
            ("identity;q=0.5, gzip", Some("gzip")),
            ("identity, gzip", Some("gzip")),
            ("identity;q=0", None),
            ("gzip ; Q=0.8", Some("gzip")),
            ("gzip;q=1.000", Some("gzip")),
            ("gzip;q=1.001", None),
            ("gzip;q=0.0001", None),
            ("gzip;q=-1", None),
            ("gzip;q=", None),
            ("gzip;q=1;x=2, br;q=0.3", Some("br")),
            ("deflate", None),
            (";q=1,, gzip", Some("gzip")),
        ] {
            assert_eq!(best(&[value]), expected, "{value}");
        }
        assert_eq!(best(&["deflate", "gzip"]), Some("gzip"));
    }
}
