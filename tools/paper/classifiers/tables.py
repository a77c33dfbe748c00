"""The tables of classifiers by the name that `mnv3 table` takes."""

from mnv3.tools.paper.classifiers.figure7 import FIGURE_7
from mnv3.tools.paper.classifiers.table3 import TABLE_3
from mnv3.tools.paper.classifiers.table45 import TABLE_4, TABLE_5

CLASSIFIER_TABLES = {table.which: table for table in (TABLE_3, TABLE_4, TABLE_5, FIGURE_7)}
