/// The shape of a tensor: channels × rows × columns, stored in that order. A vector is `n` channels of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// How many channels.
    pub channels: usize,
    /// How many rows a channel has.
    pub rows: usize,
    /// How many columns a row has.
    pub columns: usize,
}

impl Shape {
    /// The shape of a vector.
    pub const fn vector(length: usize) -> Self {
        Self { channels: length, rows: 1, columns: 1 }
    }

    /// The shape of an image of several channels.
    pub const fn image(channels: usize, rows: usize, columns: usize) -> Self {
        Self { channels, rows, columns }
    }

    /// How many values a tensor of this shape holds, or `None` where the product does not fit.
    pub fn checked_len(&self) -> Option<usize> {
        self.channels.checked_mul(self.rows)?.checked_mul(self.columns)
    }

    /// How many values a tensor of this shape holds. Shapes of a [`Model`](super::Model) are small by construction.
    pub fn len(&self) -> usize {
        self.channels * self.rows * self.columns
    }

    /// Whether a tensor of this shape holds nothing; never true for a shape of a [`Model`](super::Model).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the value of a channel, row and column lies.
    pub(crate) fn at(&self, channel: usize, row: usize, column: usize) -> usize {
        (channel * self.rows + row) * self.columns + column
    }

    /// The channel, row and column of the value at `index`.
    pub(crate) fn position(&self, index: usize) -> (usize, usize, usize) {
        let column = index % self.columns;
        let row = index / self.columns % self.rows;
        (index / (self.columns * self.rows), row, column)
    }
}
