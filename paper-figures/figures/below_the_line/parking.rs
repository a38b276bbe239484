//! A member made against the instance: it knows where the chains lie, and waits where waiting is cheapest.

use std::sync::Arc;

use heavynorm::hard_instances::BlockChain;
use heavynorm::spec::{Algorithm, AlgorithmError, Matrix, StochasticOracle, ZeroRespecting};
use serde::{Deserialize, Serialize};

/// Where a finished chain goes, in units of s: its gradient there is below 1e-8 c/s an entry.
const FAR: f64 = 1000.0;

/// Coordinates that were shown are parked at +-place, with alternating signs, until their chain has been shown whole; then all of
/// them move far away at once.
///
/// An unfinished chain has at least the gradient that the bound counts as 1, whatever a member does. At X = 0 that gradient
/// is sqrt(e) = 1.65; the least over |x_j| <= place is near 1.341, at places near 0.65: past the 1/2 from which a coordinate
/// shows the next one, before |d_1 F| = exp((1 - x^2)/2) + Psi'(x) Phi(-|x_2|) rises again. Nothing but coordinates seen in
/// responses is ever moved: the method keeps the entries.
#[derive(Debug)]
pub(super) struct Parking {
    chain: Arc<BlockChain>,
    /// In units of s.
    place: f64,
}

impl Parking {
    pub(super) fn new(chain: &Arc<BlockChain>, place: f64) -> Self {
        Self { chain: Arc::clone(chain), place }
    }

    /// The point of a set of coordinates.
    fn point(&self, seen: &[Vec<bool>], mut x: Matrix<f64>) -> Matrix<f64> {
        for (i, block) in seen.iter().enumerate() {
            let finished = block.iter().all(|&shown| shown);
            for (k, _) in block.iter().enumerate().filter(|(_, shown)| **shown) {
                let parked = if k % 2 == 0 { self.place } else { -self.place };
                x[self.chain.position(i, k)] = self.chain.width() * if finished { FAR } else { parked };
            }
        }
        x
    }
}

/// The iterate, and which coordinates of which block were seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    x: Matrix<f64>,
    seen: Vec<Vec<bool>>,
}

impl Algorithm<f64> for Parking {
    type State = State;

    fn init(&self, start: &Matrix<f64>, _: &mut dyn StochasticOracle<f64>) -> Result<State, AlgorithmError> {
        Ok(State { x: start.clone(), seen: vec![vec![false; self.chain.length()]; self.chain.blocks()] })
    }

    fn step(&self, state: &mut State, oracle: &mut dyn StochasticOracle<f64>) -> Result<(), AlgorithmError> {
        let response = oracle.query(&state.x)?;
        for (i, block) in state.seen.iter_mut().enumerate() {
            for (k, shown) in block.iter_mut().enumerate() {
                *shown |= response[self.chain.position(i, k)] != 0.0;
            }
        }
        state.x = self.point(&state.seen, state.x.clone());
        Ok(())
    }

    fn iterate<'a>(&self, state: &'a State) -> &'a Matrix<f64> {
        &state.x
    }

    fn zero_respecting(&self) -> ZeroRespecting {
        ZeroRespecting::Entries
    }
}

#[cfg(test)]
mod tests {
    use heavynorm::hard_instances::{Layout, chain};

    use super::*;

    #[test]
    fn waiting_at_0_65_is_cheaper_than_at_zero_and_a_finished_chain_is_quiet() {
        let space = Layout::Rows.smallest(2, 4).unwrap();
        let chain = Arc::new(BlockChain::new(space, Layout::Rows, 2, 4, 3.0, 2.0).unwrap());
        let parking = Parking::new(&chain, 0.65);
        let norm = |shown: [usize; 2]| {
            let seen: Vec<Vec<bool>> = shown.iter().map(|&n| (0..4).map(|k| k < n).collect()).collect();
            let x = parking.point(&seen, Matrix::zeros(space.rows(), space.columns()));
            [0, 1].map(|i| {
                let mut gradient = [0.0; 4];
                chain::gradient(&chain.block(&x, i), &mut gradient);
                gradient.iter().map(|g| g * g).sum::<f64>().sqrt()
            })
        };
        assert!((norm([0, 0])[0] - 0.5_f64.exp()).abs() < 1e-14);
        for shown in 1..4 {
            let [waiting, finished] = norm([shown, 4]);
            assert!((1.341..1.35).contains(&waiting), "{shown}: {waiting}");
            assert!(finished < 1e-7, "{finished}");
        }
    }
}
