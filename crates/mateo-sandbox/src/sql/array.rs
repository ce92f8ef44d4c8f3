//! Array literals: `{a,"b c",NULL}`.

use super::SqlError;
use super::literal::is_blank;

/// The deepest nesting PostgreSQL takes.
const MAX_DIMENSIONS: usize = 6;

/// The elements of an array literal, `None` for NULL. Arrays of arrays are flattened, as `ANY` sees them.
pub(crate) fn elements(text: &str) -> Result<Vec<Option<String>>, SqlError> {
    let malformed = |detail: &'static str| {
        SqlError::new("22P02", format!("malformed array literal: \"{text}\"")).detail(detail)
    };
    let body = text.trim_matches(is_blank);
    if !body.starts_with('{') {
        return Err(malformed(
            "Array value must start with \"{\" or dimension information.",
        ));
    }
    let mut reader = Reader {
        rest: body,
        elements: Vec::new(),
        shape: Vec::new(),
    };
    reader.array(0).map_err(malformed)?;
    if reader.rest.is_empty() {
        Ok(reader.elements)
    } else {
        Err(malformed("Junk after closing right brace."))
    }
}

struct Reader<'a> {
    rest: &'a str,
    elements: Vec<Option<String>>,
    /// How many elements an array has at each depth, once one has ended there: all have the same.
    shape: Vec<usize>,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.rest = self.rest.get(next.len_utf8()..).unwrap_or_default();
        Some(next)
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(is_blank);
    }

    fn array(&mut self, depth: usize) -> Result<(), &'static str> {
        if depth >= MAX_DIMENSIONS {
            return Err("Too many dimensions.");
        }
        self.next();
        self.skip_blanks();
        let mut count = 0_usize;
        let mut nested = None;
        if self.rest.starts_with('}') {
            self.next();
            self.skip_blanks();
            // Only the whole may be empty.
            return if depth == 0 {
                Ok(())
            } else {
                Err("Unexpected \"}\" character.")
            };
        }
        loop {
            self.skip_blanks();
            let is_array = self.rest.starts_with('{');
            if *nested.get_or_insert(is_array) != is_array {
                return Err("Unexpected array element.");
            }
            if is_array {
                self.array(depth + 1)?;
            } else {
                let element = self.element()?;
                self.elements.push(element);
            }
            count += 1;
            self.skip_blanks();
            match self.next() {
                Some(',') => {}
                Some('}') => break,
                _ => return Err("Unexpected array element."),
            }
        }
        self.skip_blanks();
        while self.shape.len() <= depth {
            self.shape.push(0);
        }
        match self.shape.get_mut(depth) {
            Some(known) if *known == 0 => *known = count,
            Some(known) if *known != count => {
                return Err("Multidimensional arrays must have sub-arrays with matching dimensions.");
            }
            _ => {}
        }
        Ok(())
    }

    fn element(&mut self) -> Result<Option<String>, &'static str> {
        if self.rest.starts_with('"') {
            return self.quoted().map(Some);
        }
        let mut text = String::new();
        // Blanks at the end don't count, unless they were escaped.
        let mut kept = 0;
        let mut escaped = false;
        loop {
            match self.rest.chars().next() {
                None | Some('{' | '"') => return Err("Unexpected array element."),
                Some(',' | '}') => break,
                Some('\\') => {
                    self.next();
                    text.push(self.next().ok_or("Unexpected end of input.")?);
                    kept = text.len();
                    escaped = true;
                }
                Some(character) => {
                    self.next();
                    text.push(character);
                    if !is_blank(character) {
                        kept = text.len();
                    }
                }
            }
        }
        text.truncate(kept);
        if text.is_empty() {
            return Err("Unexpected \",\" character.");
        }
        let is_null = !escaped && text.eq_ignore_ascii_case("null");
        Ok((!is_null).then_some(text))
    }

    fn quoted(&mut self) -> Result<String, &'static str> {
        self.next();
        let mut text = String::new();
        loop {
            match self.next().ok_or("Unexpected end of input.")? {
                '"' => return Ok(text),
                '\\' => text.push(self.next().ok_or("Unexpected end of input.")?),
                character => text.push(character),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_as_postgresql_reads_them() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(elements("{}"), Ok(vec![]));
        assert_eq!(
            elements(" { a , \"b,c\" ,NULL,\"NULL\"} "),
            Ok(vec![some("a"), some("b,c"), None, some("NULL")])
        );
        assert_eq!(
            elements(r#"{"a\"b\\",x\,y}"#),
            Ok(vec![some("a\"b\\"), some("x,y")])
        );
        assert_eq!(elements("{{1,2},{3,4}}").map(|all| all.len()), Ok(4));
        for text in [
            "",
            "a",
            "{",
            "{a",
            "{a,}",
            "{,a}",
            "{a}b",
            "{{1},{2,3}}",
            "{{}}",
            "{1,{2}}",
            "{a\"b\"}",
        ] {
            assert_eq!(elements(text).map_err(|error| error.code), Err("22P02"), "{text}");
        }
    }
}
