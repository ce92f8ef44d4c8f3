//! The first of many rows in an order, chosen and arranged as PostgreSQL does it.
//!
//! The keys of an order may leave ties, and then the sequence depends on the algorithm: rows of one page may come again
//! on the next, or never. A client is to be tested against just that, so these are PostgreSQL's own algorithms
//! (`tuplesort.c`, `sort_template.h`): a heap of as many rows as are wanted, once twice as many were seen, and quicksort
//! below that.

use std::cmp::Ordering;

/// The first `wanted` of the items pushed.
pub(crate) struct First<T, C> {
    wanted: usize,
    compare: C,
    items: Vec<T>,
    /// Whether the items are a heap whose top comes last in order.
    is_heap: bool,
}

impl<T, C: Fn(&T, &T) -> Ordering> First<T, C> {
    pub(crate) fn new(wanted: usize, compare: C) -> Self {
        Self {
            wanted,
            compare,
            items: Vec::new(),
            is_heap: false,
        }
    }

    pub(crate) fn push(&mut self, item: T) {
        if self.is_heap {
            return self.offer(item);
        }
        self.items.push(item);
        if self.items.len() > self.wanted.saturating_mul(2) {
            self.is_heap = true;
            let rest = self.items.split_off(self.wanted);
            for at in 1..self.wanted {
                sift_up(&mut self.items, at, &self.compare);
            }
            for item in rest {
                self.offer(item);
            }
        }
    }

    /// Lets `item` take the place of the last of the heap, if it comes before it.
    fn offer(&mut self, item: T) {
        if let Some(last) = self.items.first_mut()
            && (self.compare)(&item, last).is_lt()
        {
            *last = item;
            sift_down(&mut self.items, &self.compare);
        }
    }

    /// The items in order.
    pub(crate) fn finish(mut self) -> Vec<T> {
        if self.is_heap {
            for end in (1..self.items.len()).rev() {
                // The top goes after the heap, the heap's last item to the top.
                self.items.swap(0, end);
                let (heap, _) = self.items.split_at_mut(end);
                sift_down(heap, &self.compare);
            }
        } else {
            quicksort(&mut self.items, &self.compare);
            self.items.truncate(self.wanted);
        }
        self.items
    }
}

fn sift_up<T>(heap: &mut [T], mut at: usize, compare: &impl Fn(&T, &T) -> Ordering) {
    while at > 0 && is_after(heap, at, (at - 1) / 2, compare) {
        heap.swap(at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

fn sift_down<T>(heap: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) {
    let mut at = 0;
    loop {
        let children = 2 * at + 1;
        let child = if is_after(heap, children + 1, children, compare) {
            children + 1
        } else {
            children
        };
        if !is_after(heap, child, at, compare) {
            return;
        }
        heap.swap(at, child);
        at = child;
    }
}

/// Whether the item at `a` is there and comes after that at `b`.
fn is_after<T>(items: &[T], a: usize, b: usize, compare: &impl Fn(&T, &T) -> Ordering) -> bool {
    let pair = items.get(a).zip(items.get(b));
    pair.is_some_and(|(a, b)| compare(a, b).is_gt())
}

/// PostgreSQL's quicksort, which gathers items equal to the pivot at the ends while it parts the others.
fn quicksort<T>(mut items: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) {
    loop {
        let n = items.len();
        if n < 7 {
            for end in 1..n {
                let mut at = end;
                while at > 0 && is_after(items, at - 1, at, compare) {
                    items.swap(at, at - 1);
                    at -= 1;
                }
            }
            return;
        }
        if items.is_sorted_by(|a, b| compare(a, b).is_le()) {
            return;
        }
        items.swap(0, middle(items, compare));
        let (less, greater) = partition(items, compare);
        let (left, rest) = items.split_at_mut(less);
        let at = rest.len() - greater;
        let (_, right) = rest.split_at_mut(at);
        // The smaller part by recursion, so that the stack stays small.
        if less <= greater {
            quicksort(left, compare);
            items = right;
        } else {
            quicksort(right, compare);
            items = left;
        }
    }
}

/// Where a good pivot is: the median of three, or of three such medians.
fn middle<T>(items: &[T], compare: &impl Fn(&T, &T) -> Ordering) -> usize {
    let n = items.len();
    let (first, mid, last) = (0, n / 2, n - 1);
    if n == 7 {
        return mid;
    }
    if n <= 40 {
        return median(items, [first, mid, last], compare);
    }
    let step = n / 8;
    let medians = [
        median(items, [first, first + step, first + 2 * step], compare),
        median(items, [mid - step, mid, mid + step], compare),
        median(items, [last - 2 * step, last - step, last], compare),
    ];
    median(items, medians, compare)
}

fn median<T>(items: &[T], [a, b, c]: [usize; 3], compare: &impl Fn(&T, &T) -> Ordering) -> usize {
    let before = |x, y| is_after(items, y, x, compare);
    if before(a, b) {
        if before(b, c) {
            b
        } else if before(a, c) {
            c
        } else {
            a
        }
    } else if before(c, b) {
        b
    } else if before(a, c) {
        a
    } else {
        c
    }
}

/// Parts the items around the first of them: how many come before it and are now at the front, how many come after it
/// and are now at the back.
fn partition<T>(items: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) -> (usize, usize) {
    let end = items.len();
    // Equal ones are gathered at both ends: in 1..left and after right.
    let (mut left, mut next, mut last, mut right) = (1, 1, end - 1, end - 1);
    let with_pivot = |items: &[T], at: usize| match (items.get(at), items.first()) {
        (Some(item), Some(pivot)) => compare(item, pivot),
        _ => Ordering::Equal,
    };
    loop {
        while next <= last {
            let ordering = with_pivot(items, next);
            if ordering.is_gt() {
                break;
            }
            if ordering.is_eq() {
                items.swap(left, next);
                left += 1;
            }
            next += 1;
        }
        while next <= last {
            let ordering = with_pivot(items, last);
            if ordering.is_lt() {
                break;
            }
            if ordering.is_eq() {
                items.swap(last, right);
                right -= 1;
            }
            last -= 1;
        }
        if next > last {
            break;
        }
        items.swap(next, last);
        next += 1;
        last -= 1;
    }
    let front = left.min(next - left);
    (0..front).for_each(|i| items.swap(i, next - front + i));
    let back = (right - last).min(end - right - 1);
    (0..back).for_each(|i| items.swap(next + i, end - back + i));
    (next - left, right - last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(wanted: usize, items: impl IntoIterator<Item = (u32, u32)>) -> Vec<(u32, u32)> {
        let compare = |a: &(u32, u32), b: &(u32, u32)| a.0.cmp(&b.0);
        let mut first = First::new(wanted, compare);
        items.into_iter().for_each(|item| first.push(item));
        first.finish()
    }

    #[test]
    fn the_first_come_in_order_however_many_are_wanted() {
        // All residues, each several times, in a mixed sequence.
        let items: Vec<(u32, u32)> = (0..500).map(|i| (i * 7919 % 101, i)).collect();
        let mut keys: Vec<u32> = items.iter().map(|item| item.0).collect();
        keys.sort_unstable();
        for wanted in [0, 1, 5, 6, 40, 41, 100, 249, 250, 499, 500, 900] {
            let found = first(wanted, items.clone());
            let found_keys: Vec<u32> = found.iter().map(|item| item.0).collect();
            assert_eq!(found_keys, keys[..wanted.min(500)], "{wanted}");
            let rows: std::collections::HashSet<_> = found.into_iter().collect();
            assert_eq!(rows.len(), wanted.min(500), "no item twice");
        }
    }

    #[test]
    fn ties_come_in_postgresqls_sequence() {
        // `select n from generate_series(0, 29) n order by 1 / (n + 2) limit 5`: all keys equal.
        let rows: Vec<u32> = first(5, (0..30).map(|n| (0, n)))
            .into_iter()
            .map(|item| item.1)
            .collect();
        assert_eq!(rows, TIES);
    }

    const TIES: [u32; 5] = [1, 2, 3, 4, 0];
}
