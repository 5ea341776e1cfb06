//! Slugs that look alike (G24): two are refused beside each other when their skeletons are the same.
//!
//! A skeleton writes every character as the one it is easily taken for. A slug has only a-z, 0-9 and
//! hyphens, so a short table does: digits for the letters they resemble, `i` for `l`, and the pairs
//! that run together in many typefaces. `acrne`, `4cme` and `acme` have one skeleton; `shop-1` and
//! `shop-2` have two. It errs towards refusing: `mall` is too near to the reserved `mail`.

use polder_kernel::Slug;
use polder_kernel::slug::RESERVED;

/// What a slug looks like.
pub fn skeleton(slug: &str) -> String {
    let letters: String = slug
        .chars()
        .map(|letter| match letter {
            '0' => 'o',
            '1' | 'i' => 'l',
            '3' => 'e',
            '4' => 'a',
            '5' => 's',
            '7' => 't',
            '8' => 'b',
            other => other,
        })
        .collect();
    // The pairs last, so that `1l` and `il` are what they look like before.
    letters.replace("rn", "m").replace("vv", "w").replace("cl", "d")
}

/// Whether a slug looks like a name that is kept for Polder.
pub fn looks_reserved(slug: &Slug) -> bool {
    let own = skeleton(slug.as_str());
    RESERVED.iter().chain(&["platform"]).any(|reserved| skeleton(reserved) == own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g24_lookalikes_have_one_skeleton_and_others_do_not() {
        for (one, other) in [
            ("acme", "acrne"),
            ("acme", "4cme"),
            ("acme", "acm3"),
            ("paypal", "paypa1"),
            ("paypal", "paypai"),
            ("google", "g00gle"),
            ("window", "vvindovv"),
            ("dear", "clear"),
        ] {
            assert_eq!(skeleton(one), skeleton(other), "{one} {other}");
        }
        let numbered: std::collections::BTreeSet<String> =
            (0..1000).map(|number| skeleton(&format!("shop-{number}"))).collect();
        assert_eq!(numbered.len(), 1000, "numbers stay apart");
        for (one, other) in [("acme", "acne"), ("acme-nl", "acmenl"), ("north", "south")] {
            assert_ne!(skeleton(one), skeleton(other));
        }
    }

    #[test]
    fn g24_what_looks_reserved_is() {
        for slug in ["adm1n", "c0nsole", "p1atform", "l0gin", "www", "rnail", "5upport"] {
            let Ok(slug) = slug.parse() else { continue };
            assert!(looks_reserved(&slug), "{slug}");
        }
        for slug in ["acme", "practice", "northwind", "shop-1"] {
            assert!(!looks_reserved(&slug.parse().unwrap()), "{slug}");
        }
    }
}
