using ECapture.Storage.Reading.Expressions;
using ECapture.Storage.Tables;

namespace ECapture.Storage.Reading.Sql;

/// <summary>Compiles a <see cref="FilterExpression"/> into a condition on one table, never null: a field that the table lacks, or that is unknown in a row, compares false.</summary>
internal static class ExpressionConditions
{
    private const string True = "1 = 1";
    private const string False = "1 = 0";

    public static string Compile(SqlText sql, FilterExpression expression, EventTable table) => expression switch
    {
        Conjunction all => Join(all.Parts.Select(p => Compile(sql, p, table)), " AND "),
        Disjunction any => Join(any.Parts.Select(p => Compile(sql, p, table)), " OR "),
        Negation not => $"(NOT {Compile(sql, not.Inner, table)})",
        Comparison comparison => Compare(sql, comparison, table),
        _ => throw new ArgumentOutOfRangeException(nameof(expression), expression, "no such node"),
    };

    private static string Compare(SqlText sql, Comparison comparison, EventTable table)
    {
        FilterField field = comparison.Field;
        bool isNegative = comparison.Operator is FilterOperator.NotEqual or FilterOperator.ContainsNot;
        if (field.IsModule)
        {
            return comparison.Values.Any(v => v.Name == table.Name) != isNegative ? True : False;
        }

        Column[] columns = [.. field.ColumnsOf(table)];
        if (columns.Length == 0)
        {
            return False;
        }

        string any = Join(columns.SelectMany(c => comparison.Values.Select(v => One(sql, comparison, c, v))), " OR ");
        string[] known = [.. columns.Where(c => c is OptionalNumberColumn).Select(c => c.Name + " IS NOT NULL")];
        string whole = isNegative ? $"(NOT {any})" : any;
        return known.Length == 0 ? whole : Join([.. known, whole], " AND ");
    }

    private static string One(SqlText sql, Comparison comparison, Column column, FilterValue value) => comparison.Field.Type switch
    {
        FilterFieldType.Text => comparison.Operator switch
        {
            FilterOperator.Equal or FilterOperator.NotEqual => sql.EqualsBytes(column, value.Bytes!),
            FilterOperator.Contains or FilterOperator.ContainsNot => sql.ContainsIgnoringCase(column, value.Bytes!),
            _ => sql.Matches(column, value.Pattern!),
        },
        FilterFieldType.Address => sql.KnownInRange(column.Name, value.Address!),
        FilterFieldType.Id => sql.AnyOf(column.Name, [value.Id]),
        _ => $"{column.Name} {Symbol(comparison.Operator)} {sql.Signed(value.Number)}",
    };

    private static string Symbol(FilterOperator @operator) => @operator switch
    {
        FilterOperator.Less => "<",
        FilterOperator.LessOrEqual => "<=",
        FilterOperator.Greater => ">",
        FilterOperator.GreaterOrEqual => ">=",
        _ => "=",
    };

    private static string Join(IEnumerable<string> parts, string word) => "(" + string.Join(word, parts) + ")";
}
