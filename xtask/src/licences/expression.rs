//! Reading an SPDX licence expression: `MIT OR Apache-2.0`, `(MIT OR BSD-3-Clause) AND Unicode-3.0`, `MIT/Apache-2.0`.

/// Whether the expression can be met with the allowed licences alone. One that cannot be read is not met.
pub(super) fn allows(expression: &str, allowed: &[&str]) -> bool {
    // `/` is how crates wrote OR before crates.io asked for SPDX.
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut tokens = spaced.split_whitespace().peekable();
    let met = any(&mut tokens, allowed);
    met == Some(true) && tokens.peek().is_none()
}

type Tokens<'a, I> = std::iter::Peekable<I>;

/// One or more terms joined by `OR`.
fn any<'a, I: Iterator<Item = &'a str>>(tokens: &mut Tokens<'a, I>, allowed: &[&str]) -> Option<bool> {
    let mut met = all(tokens, allowed)?;
    while tokens.next_if_eq(&"OR").is_some() {
        met |= all(tokens, allowed)?;
    }
    Some(met)
}

/// One or more licences joined by `AND`, which binds more tightly.
fn all<'a, I: Iterator<Item = &'a str>>(tokens: &mut Tokens<'a, I>, allowed: &[&str]) -> Option<bool> {
    let mut met = one(tokens, allowed)?;
    while tokens.next_if_eq(&"AND").is_some() {
        met &= one(tokens, allowed)?;
    }
    Some(met)
}

/// A licence, one with an exception, or an expression in brackets.
fn one<'a, I: Iterator<Item = &'a str>>(tokens: &mut Tokens<'a, I>, allowed: &[&str]) -> Option<bool> {
    let token = tokens.next()?;
    if token == "(" {
        let met = any(tokens, allowed)?;
        return tokens.next_if_eq(&")").map(|_| met);
    }
    if tokens.next_if_eq(&"WITH").is_some() {
        let with = format!("{token} WITH {}", tokens.next()?);
        return Some(allowed.contains(&with.as_str()));
    }
    Some(allowed.contains(&token))
}

#[cfg(test)]
mod tests {
    use super::allows;

    const ALLOWED: [&str; 3] = ["MIT", "Apache-2.0 WITH LLVM-exception", "ISC"];

    #[test]
    fn one_of_several_is_enough_and_all_of_several_are_needed() {
        assert!(allows("MIT", &ALLOWED));
        assert!(allows("GPL-3.0 OR MIT", &ALLOWED));
        assert!(allows("GPL-3.0/MIT", &ALLOWED));
        assert!(!allows("GPL-3.0 AND MIT", &ALLOWED));
        assert!(allows("GPL-3.0 OR MIT AND ISC", &ALLOWED));
        assert!(!allows("(GPL-3.0 OR MIT) AND GPL-3.0", &ALLOWED));
    }

    #[test]
    fn an_exception_belongs_to_its_licence() {
        assert!(allows("Apache-2.0 WITH LLVM-exception", &ALLOWED));
        assert!(!allows("Apache-2.0", &ALLOWED));
        assert!(!allows("MIT WITH LLVM-exception", &ALLOWED));
    }

    #[test]
    fn what_cannot_be_read_is_not_met() {
        for unreadable in ["", "none stated", "MIT OR", "(MIT", "MIT)", "MIT MIT"] {
            assert!(!allows(unreadable, &ALLOWED), "{unreadable}");
        }
    }
}
