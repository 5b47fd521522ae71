"""Tree-recursive networks, evaluated level by level, for trees and for series."""
