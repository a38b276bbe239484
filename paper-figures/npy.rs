//! Matrices from and to NumPy's .npy files: C order, little-endian, float64 or float32; anything else is refused
//! with the line of Python that repairs it, before any memory is taken on the file's word.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use heavynorm::spec::Matrix;
use npyz::{DType, Endianness, NpyFile, NpyHeader, Order, TypeChar, WriterBuilder};
use thiserror::Error;

/// Why a .npy file was refused.
#[derive(Debug, Error)]
pub enum NpyError {
    /// The file cannot be opened or read.
    #[error("cannot read {}: {source}; check its name and permissions, or write it with numpy.save", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is no .npy file, or its header is damaged.
    #[error("{}: not a .npy file ({reason}); write it with numpy.save", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The header promises another amount of data than the file holds.
    #[error(
        "{}: the header promises {promised} bytes of data, the file holds {found}; it was cut or forged: save it again",
        path.display()
    )]
    WrongLength {
        /// The file.
        path: PathBuf,
        /// Bytes that shape and type ask for.
        promised: u128,
        /// Bytes after the header.
        found: u64,
    },
    /// Another number of axes.
    #[error("{}: an array of {expected} axes is needed, this one has shape {shape:?}; use numpy.reshape", path.display())]
    WrongAxes {
        /// The file.
        path: PathBuf,
        /// Axes needed.
        expected: usize,
        /// The shape found.
        shape: Vec<u64>,
    },
    /// Neither a matrix nor a stack of matrices.
    #[error(
        "{}: a matrix (m x n) or a stack of matrices (K x m x n) is needed, this array has shape {shape:?}; use numpy.reshape",
        path.display()
    )]
    NoStack {
        /// The file.
        path: PathBuf,
        /// The shape found.
        shape: Vec<u64>,
    },
    /// An entry of a stack is NaN or infinite.
    #[error("{}: entry ({row}, {column}) of matrix {matrix} is {value}; remove or repair that matrix", path.display())]
    NonFiniteInStack {
        /// The file.
        path: PathBuf,
        /// Which matrix, from 0.
        matrix: usize,
        /// Its row.
        row: usize,
        /// Its column.
        column: usize,
        /// The entry.
        value: f64,
    },
    /// A side is zero.
    #[error("{}: the array is empty (shape {shape:?}); at least one row and one column are needed", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// The shape found.
        shape: Vec<u64>,
    },
    /// Column-major storage.
    #[error("{}: stored in Fortran order; save numpy.ascontiguousarray(x) instead", path.display())]
    FortranOrder {
        /// The file.
        path: PathBuf,
    },
    /// Big-endian numbers.
    #[error("{}: stored big-endian ({found}); save x.astype('<f8') instead", path.display())]
    BigEndian {
        /// The file.
        path: PathBuf,
        /// The type found.
        found: String,
    },
    /// Another element type.
    #[error("{}: elements of type {found}, {needed} needed; save x.astype({repair}) instead", path.display())]
    WrongType {
        /// The file.
        path: PathBuf,
        /// The type found.
        found: String,
        /// The types that would do.
        needed: &'static str,
        /// What to cast to.
        repair: &'static str,
    },
    /// Complex numbers.
    #[error(
        "{}: complex numbers ({found}), real ones are needed; save x.real.astype('<f8') or x.imag.astype('<f8'): a cast of x itself \
         drops the imaginary part",
        path.display()
    )]
    Complex {
        /// The file.
        path: PathBuf,
        /// The type found.
        found: String,
    },
    /// An entry is NaN or infinite.
    #[error("{}: entry ({row}, {column}) is {value}; remove or repair it", path.display())]
    NonFinite {
        /// The file.
        path: PathBuf,
        /// Its row.
        row: usize,
        /// Its column.
        column: usize,
        /// The entry.
        value: f64,
    },
    /// A label is negative or no whole number.
    #[error("{}: label {index} is {value}; labels are whole numbers 0, 1, 2, ...", path.display())]
    NotALabel {
        /// The file.
        path: PathBuf,
        /// Which label.
        index: usize,
        /// The value found.
        value: f64,
    },
}

/// A header longer than this is no array's header (numpy writes 128 bytes; structured types are refused anyway).
const LONGEST_HEADER: usize = 64 * 1024;

/// A finite m x n matrix; float32 is widened to float64, exactly.
///
/// # Errors
/// [`NpyError`], each saying what to do.
pub fn read_matrix(path: &Path) -> Result<Matrix<f64>, NpyError> {
    let (header, data) = open(path)?;
    let &[rows, columns] = header.shape() else {
        return Err(NpyError::WrongAxes { path: path.into(), expected: 2, shape: header.shape().to_vec() });
    };
    let numbers = floats(path, header, data)?;
    // The length was checked against the file, so that both sides fit the machine.
    let (rows, columns) = (rows as usize, columns as usize);
    let matrix = Matrix::from_fn(rows, columns, |i, j| numbers[i * columns + j]);
    match matrix.first_non_finite() {
        Some((row, column)) => {
            Err(NpyError::NonFinite { path: path.into(), row, column, value: matrix[(row, column)] })
        }
        None => Ok(matrix),
    }
}

/// Matrices of one shape, and how they were stored.
#[derive(Debug, Clone)]
pub struct Stack {
    /// At least one, all finite.
    pub matrices: Vec<Matrix<f64>>,
    /// The numbers were float32.
    pub single_precision: bool,
}

/// A stack of K finite m x n matrices (K x m x n), or one matrix (m x n); float32 is widened to float64, exactly.
///
/// # Errors
/// [`NpyError`], each saying what to do.
pub fn read_stack(path: &Path) -> Result<Stack, NpyError> {
    let (header, data) = open(path)?;
    let (count, rows, columns) = match *header.shape() {
        [rows, columns] => (1, rows, columns),
        [count, rows, columns] => (count, rows, columns),
        _ => return Err(NpyError::NoStack { path: path.into(), shape: header.shape().to_vec() }),
    };
    let single_precision = element(path, &header)?.1 == 4;
    let numbers = floats(path, header, data)?;
    // The length was checked against the file, so that all sides fit the machine.
    let (count, rows, columns) = (count as usize, rows as usize, columns as usize);
    let matrix = |k: usize| {
        let own = &numbers[k * rows * columns..];
        let matrix = Matrix::from_fn(rows, columns, |i, j| own[i * columns + j]);
        match matrix.first_non_finite() {
            Some((row, column)) => {
                let value = matrix[(row, column)];
                Err(NpyError::NonFiniteInStack { path: path.into(), matrix: k, row, column, value })
            }
            None => Ok(matrix),
        }
    };
    let matrices = (0..count).map(matrix).collect::<Result<_, _>>()?;
    Ok(Stack { matrices, single_precision })
}

/// A vector of class labels 0, 1, 2, ...: integers of any width, or floats that are whole numbers.
///
/// # Errors
/// [`NpyError`], each saying what to do.
pub fn read_labels(path: &Path) -> Result<Vec<usize>, NpyError> {
    let (header, data) = open(path)?;
    if header.shape().len() != 1 {
        return Err(NpyError::WrongAxes { path: path.into(), expected: 1, shape: header.shape().to_vec() });
    }
    let (kind, size, name) = element(path, &header)?;
    let numbers: Vec<f64> = match (kind, size) {
        (TypeChar::Float, _) => floats(path, header, data)?,
        (TypeChar::Int, 8) => numbers::<i64>(path, header, data)?.iter().map(|&x| x as f64).collect(),
        (TypeChar::Int, 4) => numbers::<i32>(path, header, data)?.iter().map(|&x| f64::from(x)).collect(),
        (TypeChar::Int, 2) => numbers::<i16>(path, header, data)?.iter().map(|&x| f64::from(x)).collect(),
        (TypeChar::Int, 1) => numbers::<i8>(path, header, data)?.iter().map(|&x| f64::from(x)).collect(),
        (TypeChar::Uint, 8) => numbers::<u64>(path, header, data)?.iter().map(|&x| x as f64).collect(),
        (TypeChar::Uint, 4) => numbers::<u32>(path, header, data)?.iter().map(|&x| f64::from(x)).collect(),
        (TypeChar::Uint, 2) => numbers::<u16>(path, header, data)?.iter().map(|&x| f64::from(x)).collect(),
        (TypeChar::Uint, 1) => numbers::<u8>(path, header, data)?.iter().map(|&x| f64::from(x)).collect(),
        _ => return Err(wrong_type(path, name, "an integer type", "'<i8'")),
    };
    let label = |(index, &value): (usize, &f64)| {
        // 2^53: beyond it floats skip integers, and no data set has as many classes.
        if value >= 0.0 && value.fract() == 0.0 && value < 9e15 {
            Ok(value as usize)
        } else {
            Err(NpyError::NotALabel { path: path.into(), index, value })
        }
    };
    numbers.iter().enumerate().map(label).collect()
}

/// The bytes of a .npy file (C order, float64) that holds the matrix.
pub fn to_bytes(matrix: &Matrix<f64>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let shape = [matrix.nrows() as u64, matrix.ncols() as u64];
    let mut writer = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut bytes).begin_nd()?;
    for i in 0..matrix.nrows() {
        for j in 0..matrix.ncols() {
            writer.push(&matrix[(i, j)])?;
        }
    }
    writer.finish()?;
    Ok(bytes)
}

/// What follows the header, not read yet.
type Data = BufReader<File>;

/// Header and data, with every promise of the header checked against the file before the data are read.
fn open(path: &Path) -> Result<(NpyHeader, Data), NpyError> {
    let unreadable = |source| NpyError::Unreadable { path: path.into(), source };
    let malformed = |reason: String| NpyError::Malformed { path: path.into(), reason };
    // Asked before it is opened: to open a pipe is to wait for its writer.
    let kind = fs::metadata(path).map_err(unreadable)?;
    if kind.is_dir() {
        return Err(malformed("it is a folder".into()));
    }
    if !kind.is_file() {
        return Err(malformed("it is a pipe or a device, no regular file".into()));
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let mut start = Vec::new();
    (&file).take(12 + LONGEST_HEADER as u64).read_to_end(&mut start).map_err(unreadable)?;
    let text = header_text(&start).map_err(|reason| malformed(reason.into()))?;
    let elements = promised_elements(text).map_err(|reason| malformed(reason.into()))?;
    let mut rest = &start[..];
    let header = NpyHeader::from_reader(&mut rest).map_err(|e| malformed(e.to_string()))?;
    if header.shape().contains(&0) {
        return Err(NpyError::Empty { path: path.into(), shape: header.shape().to_vec() });
    }
    let (_, size, _) = element(path, &header)?;
    let end_of_header = (start.len() - rest.len()) as u64;
    let (promised, found) = (elements * u128::from(size), length.saturating_sub(end_of_header));
    if promised != u128::from(found) {
        return Err(NpyError::WrongLength { path: path.into(), promised, found });
    }
    file.seek(SeekFrom::Start(end_of_header)).map_err(unreadable)?;
    Ok((header, BufReader::new(file)))
}

/// The header's dictionary as text.
fn header_text(bytes: &[u8]) -> Result<&str, &'static str> {
    if bytes.len() < 10 || &bytes[..6] != b"\x93NUMPY" {
        return Err("the magic string is missing");
    }
    let (from, length) = match bytes[6] {
        1 => (10, usize::from(u16::from_le_bytes([bytes[8], bytes[9]]))),
        2 | 3 if bytes.len() >= 12 => {
            (12, u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize)
        }
        _ => return Err("the format version is unknown"),
    };
    if length > LONGEST_HEADER {
        return Err("the header claims more than 64 KiB");
    }
    let text = bytes.get(from..from + length).ok_or("the header is cut")?;
    std::str::from_utf8(text).map_err(|_| "the header is not text")
}

/// The product of the shape, read before the library multiplies it in 64 bits.
fn promised_elements(header: &str) -> Result<u128, &'static str> {
    let after = header.split_once("'shape'").ok_or("the header names no shape")?.1;
    let inside =
        after.split_once('(').and_then(|(_, rest)| rest.split_once(')')).ok_or("the shape is damaged")?.0;
    // The library multiplies from the left in 64 bits: a later zero does not undo an overflow.
    let (mut product, mut largest) = (1_u128, 1_u128);
    for side in inside.split(',').map(str::trim).filter(|side| !side.is_empty()) {
        let side: u64 = side.parse().map_err(|_| "a side of the shape is no number")?;
        product *= u128::from(side);
        largest *= u128::from(side.max(1));
        if largest > u128::from(u64::MAX) {
            return Err("the shape is too large");
        }
    }
    Ok(product)
}

/// Kind, size and name of the elements; C order and little-endian are required here.
fn element(path: &Path, header: &NpyHeader) -> Result<(TypeChar, u64, String), NpyError> {
    let DType::Plain(kind) = header.dtype() else {
        return Err(wrong_type(path, "a structure".into(), "float64 or float32", "'<f8'"));
    };
    if header.order() == Order::Fortran && header.shape().len() > 1 {
        return Err(NpyError::FortranOrder { path: path.into() });
    }
    if kind.endianness() == Endianness::Big {
        return Err(NpyError::BigEndian { path: path.into(), found: kind.to_string() });
    }
    let numeric = [TypeChar::Float, TypeChar::Int, TypeChar::Uint, TypeChar::Bool, TypeChar::Complex];
    if !numeric.contains(&kind.type_char()) {
        return Err(wrong_type(path, kind.to_string(), "float64 or float32", "'<f8'"));
    }
    Ok((kind.type_char(), kind.size_field(), kind.to_string()))
}

fn floats(path: &Path, header: NpyHeader, data: Data) -> Result<Vec<f64>, NpyError> {
    match element(path, &header)? {
        (TypeChar::Float, 8, _) => numbers::<f64>(path, header, data),
        (TypeChar::Float, 4, _) => {
            Ok(numbers::<f32>(path, header, data)?.iter().map(|&x| f64::from(x)).collect())
        }
        (TypeChar::Complex, _, found) => Err(NpyError::Complex { path: path.into(), found }),
        (_, _, found) => Err(wrong_type(path, found, "float64 or float32", "'<f8'")),
    }
}

fn numbers<T: npyz::Deserialize>(path: &Path, header: NpyHeader, data: Data) -> Result<Vec<T>, NpyError> {
    NpyFile::with_header(header, data)
        .into_vec()
        .map_err(|e| NpyError::Malformed { path: path.into(), reason: e.to_string() })
}

fn wrong_type(path: &Path, found: String, needed: &'static str, repair: &'static str) -> NpyError {
    NpyError::WrongType { path: path.into(), found, needed, repair }
}
