namespace ECapture.Pcapng;

/// <summary>if_tsresol and if_tsoffset of an interface (section "Interface Description Block").</summary>
/// <param name="Code">Bit 7 clear: negative power of 10; set: negative power of 2.</param>
/// <param name="OffsetSeconds">Added to every time.</param>
public readonly record struct TimestampResolution(byte Code, long OffsetSeconds)
{
    private const byte Microseconds = 6;
    private const int DigitsOfUInt64 = 19;

    /// <summary>What holds without options: microseconds, no offset.</summary>
    public static TimestampResolution Default { get; } = new(Microseconds, 0);

    /// <summary>Nanoseconds of the Unix epoch, cut to whole nanoseconds.</summary>
    public Int128 ToUnixNanoseconds(ulong ticks)
    {
        int exponent = Code & 0x7F;
        UInt128 nanoseconds;
        if ((Code & 0x80) != 0)
        {
            nanoseconds = ((UInt128)ticks * 1_000_000_000) >> exponent; // 94 bits at most
        }
        else if (exponent <= 9)
        {
            nanoseconds = (UInt128)ticks * PowerOfTen(9 - exponent);
        }
        else
        {
            nanoseconds = exponent - 9 > DigitsOfUInt64 ? 0 : ticks / PowerOfTen(exponent - 9);
        }

        return (Int128)nanoseconds + ((Int128)OffsetSeconds * 1_000_000_000);
    }

    private static ulong PowerOfTen(int exponent)
    {
        ulong power = 1;
        for (int i = 0; i < exponent; i++)
        {
            power *= 10;
        }

        return power;
    }
}
