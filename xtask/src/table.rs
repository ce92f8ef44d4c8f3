//! A plain table: columns as wide as their widest cell, Markdown where the output is kept as a document.

/// Rows of text under a head, printed aligned.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<S: Into<String>>(head: impl IntoIterator<Item = S>) -> Self {
        Self {
            rows: vec![head.into_iter().map(Into::into).collect()],
        }
    }

    pub(crate) fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The table as Markdown, which is also readable as it stands.
    pub(crate) fn markdown(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                self.rows
                    .iter()
                    .filter_map(|row| row.get(column))
                    .map(|cell| cell.chars().count())
                    .max()
            })
            .map(|width| width.unwrap_or(0).max(3))
            .collect();
        let line = |cells: &[String]| {
            let padded = widths.iter().enumerate().map(|(column, &width)| {
                let cell = cells.get(column).map_or("", String::as_str);
                format!("{cell:<width$}")
            });
            format!("| {} |\n", padded.collect::<Vec<_>>().join(" | "))
        };
        let rule = widths.iter().map(|&width| "-".repeat(width)).collect::<Vec<_>>();
        let mut lines = self.rows.iter().map(|row| line(row));
        let head = lines.next().unwrap_or_default();
        std::iter::once(head)
            .chain(std::iter::once(line(&rule)))
            .chain(lines)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["step", "time"]);
        table.row(["format", "0.4 s"]);
        assert_eq!(
            table.markdown(),
            "| step   | time  |\n| ------ | ----- |\n| format | 0.4 s |\n"
        );
    }
}
