//! `chain-blocks`: the instance of L1 and L2 as a table describes it.

use serde::{Deserialize, Serialize};

use super::{BlockChain, HardInstance, Layout, NAME, Reveals};
use crate::problems::{Built, Entry};
use crate::registry::{self, ConfigError};
use crate::spec::{Dimensions, Scalar};

/// `[problem] name = "chain-blocks"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// N, the number of chains.
    pub blocks: usize,
    /// T, the length of each.
    pub length: usize,
    /// q in (0, 1].
    pub reveal_probability: f64,
    /// Which blocks a query may reveal.
    #[serde(default = "one_block")]
    pub reveals: Reveals,
    /// Where the blocks lie.
    #[serde(default = "in_rows")]
    pub layout: Layout,
    /// m, if more than the blocks need.
    pub rows: Option<usize>,
    /// n, if more than the blocks need.
    pub columns: Option<usize>,
    /// c (default 1).
    #[serde(default = "unit")]
    pub scale: f64,
    /// s (default 1).
    #[serde(default = "unit")]
    pub width: f64,
}

fn one_block() -> Reveals {
    Reveals::OneBlock
}

fn in_rows() -> Layout {
    Layout::Rows
}

fn unit() -> f64 {
    1.0
}

/// More entries than this are a slip, not an instance. Columns are stored in multiples of eight.
const MOST_ENTRIES: usize = 1 << 24;

impl Config {
    /// The instance.
    ///
    /// # Errors
    /// [`ConfigError`] for blocks that do not fit and numbers outside their range.
    pub fn build(&self) -> Result<HardInstance, ConfigError> {
        let smallest = self.layout.smallest(self.blocks, self.length)?;
        let rows = self.rows.unwrap_or(smallest.rows());
        let columns = self.columns.unwrap_or(smallest.columns());
        let stored = rows.checked_next_multiple_of(8).and_then(|rows| rows.checked_mul(columns));
        if stored.is_none_or(|entries| entries > MOST_ENTRIES) {
            return Err(ConfigError::Data(format!(
                "{NAME}: a {rows}x{columns} matrix is too large; take fewer or shorter blocks"
            )));
        }
        let dimensions = Dimensions::new(rows, columns)?;
        let chain =
            BlockChain::new(dimensions, self.layout, self.blocks, self.length, self.scale, self.width)?;
        HardInstance::new(chain, self.reveal_probability, self.reveals)
    }
}

/// The registry entry, among the problems.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "the lower bounds' chains with their oracle: blocks, length, reveal_probability, reveals, layout, rows, columns, scale, width",
        build: |table| Ok(Built::Hard(registry::read::<Config>(NAME, table)?.build()?)),
        examples,
    }
}

fn examples() -> Vec<toml::Table> {
    let texts = [
        "blocks = 3\nlength = 4\nreveal_probability = 0.25",
        "blocks = 2\nlength = 3\nreveal_probability = 0.5\nlayout = 'columns'\nrows = 7\nscale = 0.5\nwidth = 2.0",
        "blocks = 3\nlength = 3\nreveal_probability = 1.0\nlayout = 'shared-rows'",
        "blocks = 2\nlength = 2\nreveal_probability = 0.5\nlayout = 'shared-columns'\nreveals = 'every-block'",
        "blocks = 1\nlength = 3\nreveal_probability = 0.5\nrows = 2",
    ];
    let table = |text: &str| -> toml::Table {
        let mut table: toml::Table = text.parse().unwrap_or_default();
        table.insert("name".into(), NAME.into());
        table
    };
    texts.map(table).to_vec()
}
