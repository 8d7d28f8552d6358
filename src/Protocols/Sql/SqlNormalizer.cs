namespace ECapture.Protocols.Sql;

/// <summary>Writes the normal form of one statement (<see cref="SqlFingerprint"/>): tokens, each behind a space but the first.</summary>
/// <param name="statement">The statement.</param>
/// <param name="dialect">Its rules.</param>
/// <param name="output">Takes the normal form: <see cref="MaxLength"/> bytes.</param>
internal ref struct SqlNormalizer(ReadOnlySpan<byte> statement, SqlDialect dialect, Span<byte> output)
{
    // Tokens as one byte each, the newest lowest: '?' a literal, ',' '(' ')' themselves, '.' anything else.
    private const ulong List = ((ulong)'?' << 8) | ',';
    private const ulong Row = ((ulong)'(' << 8) | '?';
    private const ulong NextRow = (((Row << 8 | ')') << 8 | ',') << 16) | Row;

    private readonly Span<byte> _output = output;
    private SqlLexer _lexer = new(statement, dialect);
    private int _length;
    private int _beforeComma; // length before the last comma
    private int _behindRow; // length behind the last "( ? )"
    private bool _isBetween; // behind a semicolon, which counts when something follows
    private ulong _last;

    /// <summary>Bytes that the normal form of a statement can have.</summary>
    public static int MaxLength(int statement) => (2 * statement) + 1;

    /// <summary>Writes it.</summary>
    /// <returns>Its length.</returns>
    public int Run()
    {
        while (true)
        {
            SqlToken kind = _lexer.Next();
            switch (kind)
            {
                case SqlToken.End:
                    return _length;
                case SqlToken.Literal when (_last & 0xFFFF) == List:
                    _length = _beforeComma; // one more of a list
                    _last >>= 8;
                    break;
                case SqlToken.Literal:
                    Write("?"u8, '?');
                    break;
                case SqlToken.Sign:
                    Sign(_lexer.Token);
                    break;
                default:
                    Write(_lexer.Token, '.', toLower: kind == SqlToken.Word);
                    break;
            }
        }
    }

    private void Sign(ReadOnlySpan<byte> token)
    {
        switch (token[0])
        {
            case (byte)';':
                _isBetween = true;
                _last <<= 8;
                break;
            case (byte)',':
                _beforeComma = _length;
                Write(token, ',');
                break;
            case (byte)')' when (_last & 0xFFFF_FFFF_FFFF) == NextRow:
                _length = _behindRow; // one more row of a list
                _last = Row << 8 | ')';
                break;
            case (byte)')':
                bool isRow = (_last & 0xFFFF) == Row;
                Write(token, ')');
                _behindRow = isRow ? _length : _behindRow;
                break;
            default:
                Write(token, token[0] == '(' ? '(' : '.');
                break;
        }
    }

    private void Write(ReadOnlySpan<byte> token, char sign, bool toLower = false)
    {
        if (_length > 0)
        {
            _output[_length++] = (byte)' ';
            if (_isBetween)
            {
                _output[_length - 1] = (byte)';';
                _output[_length++] = (byte)' ';
            }
        }

        _isBetween = false;
        Span<byte> place = _output.Slice(_length, token.Length);
        token.CopyTo(place);
        for (int i = 0; toLower && i < place.Length; i++)
        {
            place[i] |= place[i] is >= (byte)'A' and <= (byte)'Z' ? (byte)0x20 : (byte)0;
        }

        _length += token.Length;
        _last = (_last << 8) | sign;
    }
}
