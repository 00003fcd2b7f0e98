"""expressions -- random scalar expressions over random rows: the engine against exact arithmetic.

usage: expressions.py PROGRAM [SEED [ROUNDS]]

The oracle knows nothing of the engine's code: integers are Python's, wrapped to Java's widths;
DECIMALs are unscaled integers with the types that ksqlDB's documentation gives; DOUBLEs are Python's.
Two rules of ksqlDB shape it. An operator that has a NULL operand, or fails, makes all of the
expression NULL (`Spread`), up to a CAST, or to an argument of a function that is a function's call
itself or has to be converted. What is not needed is not evaluated: AND, OR and CASE stop early.
"""
import decimal
import json
import math
import random
import subprocess
import sys
import tempfile

ROWS = 40
ITEMS = 60
DEPTH = 4


decimal.getcontext().prec = 100


class Spread(Exception):
    """The expression is NULL, up to what guards it."""


# -- types: "INT", "BIGINT", "DOUBLE", "STRING", "BOOLEAN", ("DECIMAL", precision, scale) --

PRECISION_MAX = 38
WIDTH = {"INT": 32, "BIGINT": 64}
COLUMNS = {"I": "INT", "J": "INT", "B": "BIGINT", "C": "BIGINT", "D": "DOUBLE", "F": "DOUBLE",
           "P": ("DECIMAL", 8, 3), "Q": ("DECIMAL", 6, 0), "S": "STRING", "T": "STRING"}


def type_text(type_):
    return type_ if isinstance(type_, str) else "DECIMAL(%d, %d)" % type_[1:]


def is_decimal(type_):
    return not isinstance(type_, str)


def wrap(number, type_):
    half = 1 << (WIDTH[type_] - 1)
    return (number + half) % (2 * half) - half


def divide(dividend, divisor):
    """Towards zero, as in Java."""
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def divide_half_up(dividend, divisor):
    quotient, rest = divmod(abs(dividend), abs(divisor))
    quotient += 2 * rest >= abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def rescale(unscaled, scale, to_scale):
    if to_scale >= scale:
        return unscaled * 10 ** (to_scale - scale)
    return divide_half_up(unscaled, 10 ** (scale - to_scale))


def fits(unscaled, precision):
    return abs(unscaled) < 10 ** precision


# -- expressions: SQL text and a function of a row; DECIMAL values are unscaled --

class Expression:
    def __init__(self, type_, text, value, is_call=False):
        self.type, self.text, self.value, self.is_call = type_, text, value, is_call


def guard(expression, row):
    try:
        return expression.value(row)
    except Spread:
        return None


def argument(expression, row):
    return guard(expression, row) if expression.is_call else expression.value(row)


def operand(expression, row):
    value = expression.value(row)
    if value is None:
        raise Spread
    return value


def widen(expression, type_):
    """What the operators do to operands of narrower types."""
    if expression.type == type_:
        return expression
    if type_ == "DOUBLE" and is_decimal(expression.type):
        scale = expression.type[2]
        convert = lambda x: float(decimal.Decimal(x).scaleb(-scale))
    elif type_ == "DOUBLE":
        convert = float
    elif is_decimal(type_):
        scale = expression.type[2] if is_decimal(expression.type) else 0
        convert = lambda x: rescale(x, scale, type_[2])
    else:
        convert = lambda x: x

    def value(row):
        inner = expression.value(row)
        return None if inner is None else convert(inner)
    return Expression(type_, expression.text, value)


def as_decimal(type_):
    return {"INT": ("DECIMAL", 10, 0), "BIGINT": ("DECIMAL", 19, 0)}.get(type_, type_)


def decimal_result(operator, a, b):
    (_, p1, s1), (_, p2, s2) = a, b
    if operator in "+-":
        scale = max(s1, s2)
        return ("DECIMAL", max(p1 - s1, p2 - s2) + scale + 1, scale)
    if operator == "*":
        return ("DECIMAL", p1 + p2 + 1, s1 + s2)
    if operator == "/":
        scale = max(6, s1 + p2 + 1)
        return ("DECIMAL", p1 - s1 + s2 + scale, scale)
    return ("DECIMAL", min(p1 - s1, p2 - s2) + max(s1, s2), max(s1, s2))


def on_integers(operator, type_):
    def apply(a, b):
        if operator == "+":
            return wrap(a + b, type_)
        if operator == "-":
            return wrap(a - b, type_)
        if operator == "*":
            return wrap(a * b, type_)
        if b == 0:
            raise Spread
        quotient = divide(a, b)
        return wrap(quotient if operator == "/" else a - quotient * b, type_)
    return apply


def on_doubles(operator):
    def apply(a, b):
        if operator == "+":
            return a + b
        if operator == "-":
            return a - b
        if operator == "*":
            return a * b
        if operator == "/":
            if b == 0:
                sign = math.copysign(1, a) * math.copysign(1, b)
                return math.nan if a == 0 or math.isnan(a) else sign * math.inf
            return a / b
        return math.nan if b == 0 or math.isinf(a) else math.fmod(a, b)
    return apply


def on_decimals(operator, a_type, b_type, type_):
    (_, precision, scale) = type_
    a_scale, b_scale = a_type[2], b_type[2]

    def apply(a, b):
        common = max(a_scale, b_scale)
        if operator == "*":
            result = a * b
        elif operator == "/":
            if b == 0:
                raise Spread
            result = divide_half_up(a * 10 ** (scale - a_scale + b_scale), b)
        else:
            a, b = rescale(a, a_scale, common), rescale(b, b_scale, common)
            if operator == "%" and b == 0:
                raise Spread
            result = a + b if operator == "+" else a - b if operator == "-" else \
                a - divide(a, b) * b
        if not fits(result, precision):
            raise Spread
        return result
    return apply


def rank(value):
    """Java's order of doubles: NaN is the greatest, -0.0 less than 0.0."""
    if isinstance(value, float):
        return (math.isnan(value), 0.0 if math.isnan(value) else value, math.copysign(1, value))
    return value


def equal(a, b):
    """NULLIF's: NaN is itself."""
    return a == b or (a != a and b != b)


def compare_values(operator, a, b):
    return {"=": a == b, "<>": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]


class Generator:
    def __init__(self, source):
        self.random = source

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def row(self):
        row = {}
        for name, type_ in COLUMNS.items():
            row[name] = None if self.chance(12) else self.cell(type_)
        return row

    def cell(self, type_):
        pick = self.random.choice
        if type_ == "INT":
            return pick([0, 1, -1, 2, 7, -13, 1000, 2 ** 31 - 1, -2 ** 31 + 1,
                         self.random.randrange(-100, 100)])
        if type_ == "BIGINT":
            return pick([0, 1, -1, 3, 10 ** 12, 2 ** 63 - 1, -2 ** 63 + 1,
                         self.random.randrange(-10 ** 6, 10 ** 6)])
        if type_ == "DOUBLE":
            return pick([0.0, 1.0, -1.5, 0.1, 1e10, -2.5, 3.75, 1e-3,
                         self.random.uniform(-100, 100)])
        if type_ == "STRING":
            return "".join(pick("abcXYZ 019.-éł") for _ in range(self.random.randrange(8)))
        limit = 10 ** type_[1] - 1
        return pick([0, 1, -1, limit, -limit, self.random.randrange(-limit, limit + 1)])

    def expression(self, type_, depth):
        if depth == 0 or self.chance(15):
            return self.leaf(type_)
        return getattr(self, type_.lower() if isinstance(type_, str) else "decimal")(depth)

    def leaf(self, type_):
        if type_ == "BOOLEAN":
            return self.comparison(0)
        names = [name for name, own in COLUMNS.items()
                 if own == type_ or (type_ == "DECIMAL" and is_decimal(own))]
        if names and not self.chance(30):
            name = self.random.choice(names)
            return Expression(COLUMNS[name], name, lambda row: row[name])
        return self.literal(type_)

    def literal(self, type_):
        if type_ == "DECIMAL":
            unscaled, scale = self.random.randrange(0, 10000), self.random.randrange(1, 4)
            digits = str(unscaled).rjust(scale + 1, "0")
            text = digits[:-scale] + "." + digits[-scale:]
            precision = max(len(str(unscaled)), scale)
            return Expression(("DECIMAL", precision, scale), text, lambda row: unscaled)
        value = abs(self.cell(type_)) if type_ != "STRING" else self.cell(type_)
        if type_ == "BIGINT":
            value += 2 ** 31 + 1 if value < 2 ** 31 else 0
            value = min(value, 2 ** 63 - 1)
        if type_ == "DOUBLE":
            return Expression(type_, "%.17e" % value, lambda row: value)
        text = "'%s'" % value.replace("'", "''") if type_ == "STRING" else str(value)
        return Expression(type_, text, lambda row: value)

    # -- numbers --

    def operands(self, types, depth):
        return [self.expression(self.random.choice(types), depth - 1) for _ in range(2)]

    def arithmetic(self, type_, left, right):
        operator = self.random.choice("+-*/%")
        text = "(%s %s %s)" % (left.text, operator, right.text)
        apply = on_doubles(operator) if type_ == "DOUBLE" else on_integers(operator, type_)
        left, right = widen(left, type_), widen(right, type_)
        return Expression(type_, text, lambda row: apply(operand(left, row), operand(right, row)))

    def int(self, depth):
        way = self.random.randrange(10)
        if way < 4:
            return self.arithmetic("INT", *self.operands(["INT"], depth))
        if way == 4:
            return self.choice("INT", depth)
        if way == 5:
            text = self.expression("STRING", depth - 1)
            return self.call("INT", "LEN", [text], len)
        if way == 6:
            return self.call("INT", "SIGN", [self.expression("DOUBLE", depth - 1)],
                             lambda x: (x > 0) - (x < 0))
        if way == 7:
            return self.cast(self.expression("DOUBLE", depth - 1), "INT")
        if way == 8:
            return self.negate(self.expression("INT", depth - 1))
        return self.of_numbers("INT", depth)

    def bigint(self, depth):
        way = self.random.randrange(7)
        if way < 3:
            left, right = self.operands(["INT", "BIGINT"], depth)
            if "BIGINT" not in (left.type, right.type):
                right = self.expression("BIGINT", depth - 1)
            return self.arithmetic("BIGINT", left, right)
        if way == 3:
            return self.choice("BIGINT", depth)
        if way == 4:
            return self.cast(self.expression(self.random.choice(["INT", "DOUBLE"]), depth - 1),
                             "BIGINT")
        if way == 5:
            return self.negate(self.expression("BIGINT", depth - 1))
        return self.of_numbers("BIGINT", depth)

    def double(self, depth):
        way = self.random.randrange(8)
        if way < 4:
            left, right = self.operands(["INT", "BIGINT", "DOUBLE", "DECIMAL"], depth)
            if "DOUBLE" not in (left.type, right.type):
                left = self.expression("DOUBLE", depth - 1)
            return self.arithmetic("DOUBLE", left, right)
        if way == 4:
            return self.choice("DOUBLE", depth)
        if way == 5:
            name, body = self.random.choice([
                ("FLOOR", math.floor), ("CEIL", math.ceil)])
            return self.call("DOUBLE", name, [self.expression("DOUBLE", depth - 1)],
                             lambda x: x if not math.isfinite(x) else
                             math.copysign(float(body(x)), x))
        if way == 6:
            return self.cast(self.expression(self.random.choice(["INT", "BIGINT", "DECIMAL"]),
                                             depth - 1), "DOUBLE")
        return self.of_numbers("DOUBLE", depth)

    def decimal(self, depth):
        if self.chance(25):
            return self.cast(self.expression(self.random.choice(["INT", "BIGINT", "DECIMAL"]),
                                             depth - 1),
                             ("DECIMAL", self.random.randrange(4, 20), self.random.randrange(0, 4)))
        left, right = self.operands(["INT", "DECIMAL", "DECIMAL"], depth)
        if not (is_decimal(left.type) or is_decimal(right.type)):
            left = self.leaf("DECIMAL")
        operator = self.random.choice("+-*/%")
        types = as_decimal(left.type), as_decimal(right.type)
        type_ = decimal_result(operator, *types)
        if type_[1] > PRECISION_MAX or type_[2] > 18 or type_[1] < 1:
            return self.leaf("DECIMAL")
        text = "(%s %s %s)" % (left.text, operator, right.text)
        apply = on_decimals(operator, *types, type_)
        return Expression(type_, text, lambda row: apply(operand(left, row), operand(right, row)))

    def negate(self, inner):
        return Expression(inner.type, "(- %s)" % inner.text,
                          lambda row: wrap(-operand(inner, row), inner.type))

    def cast(self, inner, type_):
        text = "CAST(%s AS %s)" % (inner.text, type_text(type_))
        scale = inner.type[2] if is_decimal(inner.type) else 0

        def convert(x):
            if type_ in WIDTH and inner.type == "DOUBLE":
                limit = 1 << (WIDTH[type_] - 1)
                return 0 if math.isnan(x) else int(max(-limit, min(limit - 1, x))) \
                    if abs(x) < limit else (limit - 1 if x > 0 else -limit)
            if is_decimal(type_):
                result = rescale(x, scale, type_[2])
                if not fits(result, type_[1]):
                    raise Spread
                return result
            if type_ == "DOUBLE":
                return float(decimal.Decimal(x).scaleb(-scale))
            return x

        def value(row):
            x = guard(inner, row)
            try:
                return None if x is None else convert(x)
            except Spread:
                return None
        return Expression(type_, text, value, True)

    def of_numbers(self, type_, depth):
        """Functions of several values of one type."""
        args = [self.expression(type_, depth - 1) for _ in range(self.random.randrange(2, 4))]
        name = self.random.choice(["GREATEST", "LEAST", "COALESCE", "IFNULL", "NULLIF", "ABS"])
        if name == "ABS":
            return self.call(type_, name, args[:1],
                             (lambda x: abs(x)) if type_ == "DOUBLE" else
                             (lambda x: wrap(abs(x), type_)))
        if name in ("IFNULL", "NULLIF"):
            args = args[:2]
        text = "%s(%s)" % (name, ", ".join(arg.text for arg in args))

        def value(row):
            values = [argument(arg, row) for arg in args]
            there = [x for x in values if x is not None]
            if name in ("COALESCE", "IFNULL"):
                return there[0] if there else None
            if name == "NULLIF":
                return None if None not in values and equal(*values) else values[0]
            return None if not there else max(there, key=rank) if name == "GREATEST" else \
                min(there, key=rank)
        return Expression(type_, text, value, True)

    def call(self, type_, name, args, body):
        text = "%s(%s)" % (name, ", ".join(arg.text for arg in args))

        def value(row):
            values = [argument(arg, row) for arg in args]
            return None if None in values else body(*values)
        return Expression(type_, text, value, True)

    # -- choices and conditions --

    def choice(self, type_, depth):
        branches = [(self.expression("BOOLEAN", depth - 1), self.expression(type_, depth - 1))
                    for _ in range(self.random.randrange(1, 3))]
        otherwise = self.expression(type_, depth - 1) if self.chance(70) else None
        text = "CASE %s%s END" % (
            " ".join("WHEN %s THEN %s" % (when.text, then.text) for when, then in branches),
            " ELSE " + otherwise.text if otherwise else "")

        def value(row):
            for when, then in branches:
                if when.value(row):
                    return then.value(row)
            return otherwise.value(row) if otherwise else None
        return Expression(type_, text, value)

    def boolean(self, depth):
        way = self.random.randrange(6)
        if way == 0:
            inner = self.expression("BOOLEAN", depth - 1)
            return Expression("BOOLEAN", "(NOT %s)" % inner.text, lambda row: not inner.value(row))
        if way < 3:
            left, right = self.operands(["BOOLEAN"], depth)
            word = self.random.choice(["AND", "OR"])
            value = (lambda row: left.value(row) and right.value(row)) if word == "AND" else \
                (lambda row: left.value(row) or right.value(row))
            return Expression("BOOLEAN", "(%s %s %s)" % (left.text, word, right.text), value)
        return self.comparison(depth - 1)

    def comparison(self, depth):
        type_ = self.random.choice(["INT", "BIGINT", "DOUBLE", "DECIMAL", "STRING"])
        way = self.random.randrange(4)
        left = self.expression(type_, depth)
        if way == 0:
            word = self.random.choice(["IS NULL", "IS NOT NULL"])
            return Expression("BOOLEAN", "(%s %s)" % (left.text, word),
                              lambda row: (left.value(row) is None) == (word == "IS NULL"))
        right = self.expression(type_, depth)
        left_value, right_value = left, right
        if type_ == "DECIMAL":
            common = ("DECIMAL", PRECISION_MAX, max(left.type[2], right.type[2]))
            left_value, right_value = widen(left, common), widen(right, common)
        operator = self.random.choice(["=", "<>", "<", "<=", ">", ">="])
        if type_ == "STRING" and operator in ("<", "<=", ">", ">=") and self.chance(50):
            operator = "="

        def value(row):
            a, b = left_value.value(row), right_value.value(row)
            if a is None or b is None:
                return False
            return compare_values(operator, a, b)
        return Expression("BOOLEAN", "(%s %s %s)" % (left.text, operator, right.text), value)

    # -- text --

    def string(self, depth):
        way = self.random.randrange(8)
        text = self.expression("STRING", depth - 1)
        number = self.leaf("INT") if self.chance(30) else self.small()
        if way == 0:
            return self.choice("STRING", depth)
        if way == 1:
            other = self.expression("STRING", depth - 1)
            both = lambda row: (argument(text, row) or "") + (argument(other, row) or "")
            return Expression("STRING", "CONCAT(%s, %s)" % (text.text, other.text), both,
                              True)
        if way == 2:
            return self.call("STRING", "UCASE", [text], lambda x: x.upper())
        if way == 3:
            return self.call("STRING", "LCASE", [text], lambda x: x.lower())
        if way == 4:
            return self.call("STRING", "SUBSTRING", [text, number, self.small(True)], substring)
        if way == 5:
            return self.call("STRING", "REPLACE", [text, self.literal("STRING"), text],
                             lambda x, a, b: x.replace(a, b))
        if way == 6:
            return self.cast_to_text(depth)
        return self.call("STRING", "LPAD", [text, self.small(True), self.literal("STRING")], pad)

    def small(self, positive=False):
        value = self.random.randrange(0 if positive else -5, 9)
        return Expression("INT", str(value) if value >= 0 else "(%d)" % value, lambda row: value)

    def cast_to_text(self, depth):
        inner = self.expression(self.random.choice(["INT", "BIGINT", "BOOLEAN"]), depth - 1)

        def value(row):
            x = guard(inner, row)
            return None if x is None else str(x).lower()
        return Expression("STRING", "CAST(%s AS STRING)" % inner.text, value, True)


def substring(text, position, length):
    start = max(len(text) + position, 0) if position < 0 else min(max(position - 1, 0), len(text))
    return text[start:start + length]


def pad(text, length, padding):
    if not padding:
        return None
    if len(text) >= length:
        return text[:length]
    missing = length - len(text)
    return (padding * missing)[:missing] + text


# -- one round --

def sql_value(value, type_):
    if value is None:
        return "NULL"
    if type_ == "STRING":
        return "'%s'" % value.replace("'", "''")
    if type_ == "DOUBLE":
        return "%.17e" % value
    if is_decimal(type_):
        return str(decimal.Decimal(value).scaleb(-type_[2]).quantize(
            decimal.Decimal(1).scaleb(-type_[2])))
    return str(value)


def same(actual, expected, type_):
    if expected is None or actual is None:
        return expected is None and actual is None
    if type_ == "DOUBLE":
        if not math.isfinite(expected):
            return str(actual).lower() == {"inf": "infinity", "-inf": "-infinity"}.get(
                str(expected), "nan")
        return not isinstance(actual, str) and float(actual) == expected
    if is_decimal(type_):
        return decimal.Decimal(actual) == decimal.Decimal(expected).scaleb(-type_[2])
    return actual == expected


def run(program, text):
    with tempfile.TemporaryDirectory() as directory:
        path = directory + "/expressions.sql"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run(
            [program, "run", path, "--data", directory + "/data", "--output", "json", "--unsynced",
             "--quiet"], capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            sys.exit("%s\n%s" % (done.stderr.strip()[-2000:], text))
        return [json.loads(line, parse_float=decimal.Decimal)
                for line in done.stdout.splitlines() if line.startswith("{")]


def try_round(program, source):
    generator = Generator(source)
    rows = [generator.row() for _ in range(ROWS)]
    kinds = ["INT", "BIGINT", "DOUBLE", "DECIMAL", "STRING", "BOOLEAN"]
    items = [generator.expression(source.choice(kinds), DEPTH) for _ in range(ITEMS)]
    columns = ", ".join("%s %s" % (name, type_text(type_)) for name, type_ in COLUMNS.items())
    lines = ["SET 'auto.offset.reset'='earliest';",
             "CREATE STREAM x (N INT, %s) WITH (kafka_topic='x', value_format='JSON', "
             "partitions=1);" % columns]
    for number, row in enumerate(rows):
        cells = ", ".join(sql_value(row[name], type_) for name, type_ in COLUMNS.items())
        lines.append("INSERT INTO x VALUES (%d, %s);" % (number, cells))
    lines.append("SELECT N, %s FROM x EMIT CHANGES LIMIT %d;" % (
        ", ".join("%s AS E%d" % (item.text, i) for i, item in enumerate(items)), ROWS))
    wrong = 0
    for answer in run(program, "\n".join(lines)):
        row = rows[answer["N"]]
        for i, item in enumerate(items):
            try:
                expected = item.value(row)
            except Spread:
                expected = None
            except OverflowError:
                continue
            if same(answer["E%d" % i], expected, item.type):
                continue
            wrong += 1
            if wrong <= 5:
                print("%s\n  of %s\n  is %r, expected %r (%s)" % (
                    item.text, row, answer["E%d" % i], expected, type_text(item.type)))
    return wrong


def main():
    program = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    wrong = 0
    for number in range(rounds):
        print("seed %d" % (seed + number), flush=True)
        wrong += try_round(program, random.Random(seed + number))
    print("%d rounds of %d expressions over %d rows, %d wrong" % (rounds, ITEMS, ROWS, wrong))
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
