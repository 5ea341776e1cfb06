//! Text as it is compared: small letters without accents.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The most words of a search that count.
const MOST_WORDS: usize = 8;

/// A text as it is searched. `Søren Ångström` is `soren angstrom`.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match plain(c) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(c),
        }
    }
    folded
}

/// The words of a search, folded, each once.
pub fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in fold(text).split_whitespace() {
        if words.len() < MOST_WORDS && !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}

/// Letters that Unicode does not take apart, as keyboards without them write them.
const fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ħ' => "h",
        'þ' => "th",
        'ı' => "i",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k17_names_are_compared_without_case_and_accents() {
        for (text, folded) in [
            ("Søren Ångström", "soren angstrom"),
            ("GROẞ Straße", "gross strasse"),
            ("José Łukasz Æbelø", "jose lukasz aebelo"),
            ("İstanbul ISPARTA ısı", "istanbul isparta isi"),
            ("Ｆｕｌｌ ﬁne", "full fine"),
            ("王小明", "王小明"),
            ("Ann@Example.TEST", "ann@example.test"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
        assert_eq!(fold("e\u{301}"), fold("é"));
    }

    #[test]
    fn a_search_has_few_words_and_each_once() {
        assert_eq!(words("  Ann  de ANN Vries "), ["ann", "de", "vries"]);
        assert_eq!(words(" \t "), [""; 0]);
        assert_eq!(words("a b c d e f g h i j").len(), MOST_WORDS);
    }
}
