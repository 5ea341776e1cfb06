//! Finds the SQL in Rust source.

/// The SQL among the string literals of a Rust file, up to its unit tests.
pub(crate) fn sql_literals(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let (before, from) = rest.split_at(at);
        rest = if from.starts_with("//") {
            from.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(after) = from.strip_prefix("'\"'") {
            after
        } else if let Some(literal) = from.strip_prefix('"') {
            let Some(end) = end_of(literal, before) else { break };
            let text = literal[..end].replace("\\\n", "\n").replace("\\n", "\n");
            if is_sql(&text) {
                found.push(text);
            }
            &literal[end + 1..]
        } else {
            // A division, another character or a lifetime.
            &from[1..]
        };
    }
    found
}

/// Where a literal ends that follows `before`: `r#` there makes it a raw one.
fn end_of(literal: &str, before: &str) -> Option<usize> {
    let hashes = before.len() - before.trim_end_matches('#').len();
    if before.trim_end_matches('#').ends_with('r') {
        return literal.find(&format!("\"{}", "#".repeat(hashes)));
    }
    let mut escaped = false;
    literal.char_indices().find_map(|(at, sign)| {
        let ends = sign == '"' && !escaped;
        escaped = sign == '\\' && !escaped;
        ends.then_some(at)
    })
}

fn is_sql(text: &str) -> bool {
    ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "].iter().any(|verb| text.trim_start().starts_with(verb))
}

#[test]
fn sql_is_found_among_other_literals() {
    let source = "let a = '\"'; // \"SELECT no\"\n f(\"SELECT \\\n  1\", r#\"UPDATE a SET b = 'x'\"#, \"nothing\", \"\\\"\", \"Select your tenant\");";
    assert_eq!(sql_literals(source), ["SELECT \n  1", "UPDATE a SET b = 'x'"]);
}
