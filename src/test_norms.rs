//! A few norms for unit tests of noise, oracles and problems, written down without care for speed or range.

use crate::spec::{Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar};

/// Norms of every family, and two that no closed form knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TestNorm {
    Spectral,
    Nuclear,
    Frobenius,
    MaxEntry,
    SumEntries,
    MaxColL2,
    SumColL2,
    MaxRowL2,
    SumRowL2,
    /// The spectral norm under a label that nobody knows.
    Anonymous,
    /// max |a_ij| after adding the first row to the second: not invariant under signs.
    Sheared,
    /// The dual of it.
    ShearedDual,
}

use TestNorm::*;

impl TestNorm {
    pub(crate) const ALL: [Self; 11] = [
        Spectral, Nuclear, Frobenius, MaxEntry, SumEntries, MaxColL2, SumColL2, MaxRowL2, SumRowL2,
        Anonymous, Sheared,
    ];

    /// Those with a closed form.
    pub(crate) const KNOWN: [Self; 9] =
        [Spectral, Nuclear, Frobenius, MaxEntry, SumEntries, MaxColL2, SumColL2, MaxRowL2, SumRowL2];

    fn dual_of(self) -> Self {
        match self {
            Spectral | Anonymous => Nuclear,
            Nuclear => Spectral,
            Frobenius => Frobenius,
            MaxEntry => SumEntries,
            SumEntries => MaxEntry,
            MaxColL2 => SumColL2,
            SumColL2 => MaxColL2,
            MaxRowL2 => SumRowL2,
            SumRowL2 => MaxRowL2,
            Sheared => ShearedDual,
            ShearedDual => Sheared,
        }
    }
}

/// Adds (sign = 1) or subtracts row `from` to row `to`.
fn sheared<T: Scalar>(x: &Matrix<T>, from: usize, to: usize, sign: f64) -> Matrix<T> {
    Matrix::from_fn(x.nrows(), x.ncols(), |i, j| {
        if i == to && x.nrows() > 1 { x[(i, j)] + T::from_f64(sign) * x[(from, j)] } else { x[(i, j)] }
    })
}

struct Svd<T: Scalar> {
    u: faer::Mat<T>,
    s: Vec<T>,
    v: faer::Mat<T>,
}

fn svd<T: Scalar>(x: &Matrix<T>) -> Svd<T> {
    let svd = x.as_mat().thin_svd().unwrap();
    let s = svd.S().column_vector().iter().copied().collect();
    Svd { u: svd.U().to_owned(), s, v: svd.V().to_owned() }
}

fn lines<T: Scalar>(x: &Matrix<T>) -> Vec<T> {
    (0..x.ncols()).map(|j| x.column(j).iter().map(|&t| t * t).sum::<T>().sqrt()).collect()
}

fn largest<T: Scalar>(x: impl IntoIterator<Item = T>) -> T {
    x.into_iter().fold(T::zero_impl(), |a, b| a.larger(b))
}

/// -x/||x|| per column.
fn minus_unit_columns<T: Scalar>(x: &Matrix<T>, only: Option<usize>) -> Matrix<T> {
    let norms = lines(x);
    Matrix::from_fn(x.nrows(), x.ncols(), |i, j| {
        let skipped = only.is_some_and(|k| k != j) || norms[j] == T::zero_impl();
        if skipped { T::zero_impl() } else { -x[(i, j)] / norms[j] }
    })
}

fn argmax<T: Scalar>(x: &[T]) -> usize {
    (0..x.len()).fold(0, |best, i| if x[i] > x[best] { i } else { best })
}

impl<T: Scalar> Norm<T> for TestNorm {
    fn label(&self) -> NormLabel {
        NormLabel::new(match self {
            Spectral => "spectral",
            Nuclear => "nuclear",
            Frobenius => "frobenius",
            MaxEntry => "max-entry",
            SumEntries => "sum-entries",
            MaxColL2 => "max-col-l2",
            SumColL2 => "sum-col-l2",
            MaxRowL2 => "max-row-l2",
            SumRowL2 => "sum-row-l2",
            Anonymous => "anonymous",
            Sheared => "sheared",
            ShearedDual => "sheared-dual",
        })
    }

    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        Ok(match self {
            Spectral | Anonymous => largest(svd(x).s),
            Nuclear => svd(x).s.into_iter().sum(),
            Frobenius => x.entries().map(|t| t * t).sum::<T>().sqrt(),
            MaxEntry => x.max_abs(),
            SumEntries => x.entries().map(|t| t.abs()).sum(),
            MaxColL2 => largest(lines(x)),
            SumColL2 => lines(x).into_iter().sum(),
            MaxRowL2 => largest(lines(&x.transposed())),
            SumRowL2 => lines(&x.transposed()).into_iter().sum(),
            Sheared => sheared(x, 0, 1, 1.0).max_abs(),
            ShearedDual => sheared(x, 1, 0, -1.0).entries().map(|t| t.abs()).sum(),
        })
    }

    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        self.dual_of().value(s)
    }

    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        if s.is_zero() {
            return Ok(Matrix::zeros(s.nrows(), s.ncols()));
        }
        Ok(match self {
            Spectral | Anonymous | Nuclear => {
                let Svd { u, s: sigma, v } = svd(s);
                let used = if *self == Nuclear {
                    1
                } else {
                    sigma.iter().filter(|x| **x > sigma[0] * T::from_f64(1e-5)).count()
                };
                Matrix::from_fn(s.nrows(), s.ncols(), |i, j| {
                    -(0..used).map(|k| u[(i, k)] * v[(j, k)]).sum::<T>()
                })
            }
            Frobenius => s * (-T::one_impl() / Norm::<T>::value(&Frobenius, s)?),
            MaxEntry => s.map(|x| -x.sign()),
            SumEntries => {
                let columns: Vec<T> =
                    (0..s.ncols()).map(|j| largest(s.column(j).iter().map(|x| x.abs()))).collect();
                let j = argmax(&columns);
                let i = argmax(&s.column(j).iter().map(|x| x.abs()).collect::<Vec<_>>());
                let mut x = Matrix::zeros(s.nrows(), s.ncols());
                x[(i, j)] = -s[(i, j)].sign();
                x
            }
            MaxColL2 => minus_unit_columns(s, None),
            SumColL2 => minus_unit_columns(s, Some(argmax(&lines(s)))),
            MaxRowL2 => minus_unit_columns(&s.transposed(), None).transposed(),
            SumRowL2 => {
                let t = s.transposed();
                minus_unit_columns(&t, Some(argmax(&lines(&t)))).transposed()
            }
            // <S, X> = <sheared S, sheared X> with the inverse transposed shear on S.
            Sheared => sheared(&sheared(s, 1, 0, -1.0).map(|x| -x.sign()), 0, 1, -1.0),
            ShearedDual => {
                let best: Matrix<T> = SumEntries.lmo(&sheared(s, 0, 1, 1.0))?;
                sheared(&best, 1, 0, 1.0)
            }
        })
    }

    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(self.dual_of())
    }

    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        Ok(NoiseType::through_frobenius(Norm::<T>::ball(self, dimensions)?, p))
    }

    fn ball(&self, d: Dimensions) -> Result<Ball, NormError> {
        let root = |x: usize| (x as f64).sqrt();
        let large = |count: usize| Ball { inradius: 1.0, circumradius: root(count) };
        Ok(match self {
            Spectral | Anonymous => large(d.smaller_side()),
            Frobenius => large(1),
            MaxEntry => large(d.entries()),
            MaxColL2 => large(d.columns()),
            MaxRowL2 => large(d.rows()),
            // The inverse shear has operator norm (1 + sqrt 5)/2 < 2, the shear too.
            Sheared => Ball { inradius: 0.5, circumradius: 2.0 * root(d.entries()) },
            Nuclear | SumEntries | SumColL2 | SumRowL2 | ShearedDual => {
                Norm::<T>::ball(&self.dual_of(), d)?.polar()
            }
        })
    }

    fn is_sign_invariant(&self) -> bool {
        !matches!(self, Sheared | ShearedDual)
    }
}

#[test]
fn the_test_norms_attain_their_duals() {
    let s = Matrix::from_rows(&[[1.0, -2.0, 0.5], [0.3, 0.7, -1.1]]).unwrap();
    for norm in TestNorm::ALL.into_iter().chain([ShearedDual]) {
        let norm: &dyn Norm<f64> = &norm;
        let x = norm.lmo(&s).unwrap();
        let dual = norm.dual_value(&s).unwrap();
        assert!((crate::spec::inner(&s, &x) + dual).abs() < 1e-12 * dual, "{norm:?}");
        assert!(norm.value(&x).unwrap() <= 1.0 + 1e-12, "{norm:?}");
    }
}
