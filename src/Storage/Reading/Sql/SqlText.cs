using System.Text;
using ECapture.Storage.Reading.Expressions;
using ECapture.Storage.Tables;

namespace ECapture.Storage.Reading.Sql;

/// <summary>
/// One statement in the making: text from constants, values as parameters only. The dialects of the two stores differ in how values are
/// passed and compared.
/// </summary>
internal abstract class SqlText
{
    private readonly StringBuilder _text = new();

    /// <summary>The result is large: small blocks let the store's work and this side's go on at once.</summary>
    public bool IsBulk { get; set; }

    /// <summary>The result is short, what is read for it long: large blocks spare work.</summary>
    public bool IsSummary { get; set; }

    public override string ToString() => _text.ToString();

    public SqlText Append(string constant)
    {
        _text.Append(constant);
        return this;
    }

    /// <summary>The expression of a column of type Time as a number, as <see cref="IRowReader.Time"/> reads it.</summary>
    public abstract string TimeColumn(string column);

    /// <summary>A text constant of a topic's name.</summary>
    public abstract string Topic(string topic);

    /// <summary>A time, not later than this many nanoseconds.</summary>
    public abstract string TimeFloor(long nanoseconds);

    /// <summary>A time, not earlier than this many nanoseconds.</summary>
    public abstract string TimeCeiling(long nanoseconds);

    public abstract string Uuid(Guid value);

    public abstract string Number(ulong value);

    public abstract string Signed(long value);

    /// <summary>A condition on a column of unsigned numbers of any width.</summary>
    public abstract string AnyOf(string column, IReadOnlyCollection<ulong> values);

    public abstract string AnyOfTexts(string column, IReadOnlyCollection<string> values);

    /// <summary>A condition on <c>process</c>, which one store keeps as text and the other as bytes.</summary>
    public abstract string AnyOfNames(string column, IReadOnlyCollection<string> values);

    public abstract string AnyOfBytes(string column, IReadOnlyCollection<byte[]> values);

    public abstract string Contains(string column, string text);

    public abstract string InRange(string column, AddressRange range);

    /// <summary>As <see cref="InRange"/>; false, not null, where the address is unknown.</summary>
    public abstract string KnownInRange(string column, AddressRange range);

    /// <summary>A condition on a column of text or bytes.</summary>
    public abstract string EqualsBytes(Column column, byte[] value);

    /// <summary>The column holds the bytes, ASCII letters in either case.</summary>
    public abstract string ContainsIgnoringCase(Column column, byte[] value);

    /// <summary>The pattern matches somewhere in the column.</summary>
    public abstract string Matches(Column column, Pattern pattern);

    /// <summary>A column of names that <see cref="IRowReader.Bytes"/> reads.</summary>
    public abstract string NameColumn(string column);

    /// <summary>The first bytes of a column of bytes.</summary>
    public abstract string Prefix(string column, int length);

    /// <summary>Whole seconds of a time, to group by.</summary>
    public abstract string Second(string column);

    /// <summary>Whole milliseconds of the epoch of a time.</summary>
    public abstract string Milliseconds(string column);

    /// <summary>Whole hours of the epoch of the column <c>ts</c>.</summary>
    public abstract string Hour(string column);

    /// <summary>Number of the span of time that a row lies in, counted from a time; negative before it.</summary>
    public abstract string Bucket(string column, long from, long width);

    /// <summary>Wall clock minus boot clock, in nanoseconds, of a row or of a group.</summary>
    public abstract string ClockOffset(string wall = "ts", string boot = "boot_ns");
}
