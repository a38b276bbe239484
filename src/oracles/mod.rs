//! Oracles: how a problem and a noise become stochastic gradients, and how calls are counted.
