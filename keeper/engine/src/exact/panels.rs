//! Rows of activations in groups as wide as the kernels: what a group needs for one step lies side by side.

/// First row and number of rows of each group.
pub(super) type Places = Vec<(usize, usize)>;

/// Splits rows into groups of these widths, the widest first; the last width must be 1.
pub(super) fn places(rows: usize, widths: &[usize]) -> Places {
    let (mut places, mut from) = (Vec::new(), 0);
    for width in widths {
        while rows - from >= *width {
            places.push((from, *width));
            from += width;
        }
    }
    places
}

/// Cuts what holds `each` numbers per row into the parts of the groups.
pub(super) fn cut<'a, T>(
    places: &[(usize, usize)],
    each: usize,
    mut whole: &'a mut [T],
) -> Vec<(usize, usize, &'a mut [T])> {
    let mut parts = Vec::with_capacity(places.len());
    for (from, width) in places {
        let (part, rest) = whole.split_at_mut(width * each);
        parts.push((*from, *width, part));
        whole = rest;
    }
    parts
}

/// Writes a loop over the first `$rows` rows out, at most twelve, so that what it keeps for each stays in a register.
#[cfg(target_arch = "x86_64")]
macro_rules! each_row {
    ($row:ident in 0..$rows:ident $body:block) => {
        each_row!(@ $row, $rows, $body, 0 1 2 3 4 5 6 7 8 9 10 11)
    };
    (@ $row:ident, $rows:ident, $body:block, $($at:literal)*) => {
        $(if $at < $rows {
            let $row: usize = $at;
            $body
        })*
    };
}
#[cfg(target_arch = "x86_64")]
pub(super) use each_row;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_cover_all_rows_in_order() {
        for rows in 0..60 {
            let mut next = 0;
            for (from, width) in places(rows, &[12, 4, 1]) {
                assert_eq!(from, next);
                next += width;
            }
            assert_eq!(next, rows);
        }
        assert_eq!(places(17, &[12, 4, 1]), [(0, 12), (12, 4), (16, 1)]);
    }
}
