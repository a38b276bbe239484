//! The one seam through which singular vectors and polar factors are computed.
