namespace ECapture.Protocols.Sql;

/// <summary>Cuts a statement into tokens. What is not closed goes to the end: statements may be cut.</summary>
/// <param name="statement">The statement.</param>
/// <param name="dialect">Its rules.</param>
internal ref struct SqlLexer(ReadOnlySpan<byte> statement, SqlDialect dialect)
{
    private readonly ReadOnlySpan<byte> _text = statement;
    private int _at;
    private bool _isBehindOperand;
    private bool _isInHint; // MySQL's comment that is code

    /// <summary>The token's bytes; of a literal they say nothing.</summary>
    public ReadOnlySpan<byte> Token { get; private set; }

    private readonly bool IsMySql => dialect == SqlDialect.MySql;

    /// <summary>The next token's kind; <see cref="SqlToken.End"/> when there is none.</summary>
    public SqlToken Next()
    {
        SkipBlank();
        if (_at >= _text.Length)
        {
            return SqlToken.End;
        }

        int start = _at;
        SqlToken kind = Read();
        Token = _text[start..Math.Min(_at, _text.Length)];
        _at = Math.Min(_at, _text.Length);
        _isBehindOperand = kind is SqlToken.Literal or SqlToken.Quoted || (kind == SqlToken.Word && !IsBeforeOperand(Token)) || (kind == SqlToken.Sign && Token[0] is (byte)')' or (byte)']');
        return kind;
    }

    private SqlToken Read()
    {
        byte first = _text[_at];
        byte second = Peek(1);
        switch (first)
        {
            case (byte)'\'':
                return Literal('\'', hasEscapes: IsMySql);
            case (byte)'"' when IsMySql:
                return Literal('"', hasEscapes: true);
            case (byte)'"':
                Quoted('"', hasEscapes: false);
                return SqlToken.Quoted;
            case (byte)'`' when IsMySql:
                Quoted('`', hasEscapes: false);
                return SqlToken.Quoted;
            case (byte)'?' when IsMySql:
                _at++;
                return SqlToken.Literal;
            case (byte)'$' when !IsMySql && IsDigit(second):
                _at++;
                SkipDigits();
                return SqlToken.Literal;
            case (byte)'$' when !IsMySql && TryDollar():
                return SqlToken.Literal;
            case (byte)'-' or (byte)'+' when !_isBehindOperand && (IsDigit(second) || (second == '.' && IsDigit(Peek(2)))):
                _at++;
                Number();
                return SqlToken.Literal;
        }

        if (IsDigit(first) || (first == '.' && IsDigit(second) && !_isBehindOperand))
        {
            Number();
            return SqlToken.Literal;
        }

        if (IsWordStart(first))
        {
            return Word();
        }

        _at++;
        return SqlToken.Sign;
    }

    private SqlToken Word()
    {
        byte first = (byte)(_text[_at] | 0x20);
        // E'', B'', X'', N'' are literals; U& goes before both quotes.
        if (Peek(1) == '\'' && (first is (byte)'b' or (byte)'x' or (byte)'n' || (first == 'e' && !IsMySql)))
        {
            _at++;
            return Literal('\'', hasEscapes: IsMySql || first == 'e');
        }

        if (first == 'u' && !IsMySql && Peek(1) == '&' && Peek(2) is (byte)'\'' or (byte)'"')
        {
            _at += 2;
            bool isText = _text[_at] == '\'';
            Quoted((char)_text[_at], hasEscapes: false);
            return isText ? SqlToken.Literal : SqlToken.Quoted;
        }

        while (_at < _text.Length && (IsWordStart(_text[_at]) || IsDigit(_text[_at]) || _text[_at] == '$'))
        {
            _at++;
        }

        return SqlToken.Word;
    }

    private SqlToken Literal(char quote, bool hasEscapes)
    {
        Quoted(quote, hasEscapes);
        return SqlToken.Literal;
    }

    // A doubled quote stands for one.
    private void Quoted(char quote, bool hasEscapes)
    {
        _at++;
        while (_at < _text.Length)
        {
            if (_text[_at] == '\\' && hasEscapes)
            {
                _at += 2;
            }
            else if (_text[_at] == quote)
            {
                if (Peek(1) != quote)
                {
                    _at++;
                    return;
                }

                _at += 2;
            }
            else
            {
                _at++;
            }
        }
    }

    // $tag$ … $tag$; the tag may be empty.
    private bool TryDollar()
    {
        int end = _at + 1;
        while (end < _text.Length && (IsWordStart(_text[end]) || (IsDigit(_text[end]) && end > _at + 1)))
        {
            end++;
        }

        if (end >= _text.Length || _text[end] != '$')
        {
            return false;
        }

        ReadOnlySpan<byte> tag = _text[_at..(end + 1)];
        int close = _text[(end + 1)..].IndexOf(tag);
        _at = close < 0 ? _text.Length : end + 1 + close + tag.Length;
        return true;
    }

    // 12, 1.5e-3, 0xff, 1_000, and whatever hangs on to it.
    private void Number()
    {
        while (_at < _text.Length && (IsDigit(_text[_at]) || IsWordStart(_text[_at]) || _text[_at] == '.'
            || (_text[_at] is (byte)'+' or (byte)'-' && (_text[_at - 1] | 0x20) == 'e' && IsDigit(Peek(1)))))
        {
            if (_text[_at] == '.' && Peek(1) == '.')
            {
                return; // a range of PL/pgSQL
            }

            _at++;
        }
    }

    private void SkipDigits()
    {
        while (_at < _text.Length && IsDigit(_text[_at]))
        {
            _at++;
        }
    }

    private void SkipBlank()
    {
        while (_at < _text.Length)
        {
            byte first = _text[_at];
            byte second = Peek(1);
            if (first is (byte)' ' or (>= (byte)'\t' and <= (byte)'\r'))
            {
                _at++;
            }
            else if ((first == '#' && IsMySql) || (first == '-' && second == '-' && (!IsMySql || _at + 2 >= _text.Length || Peek(2) <= ' ')))
            {
                int end = _text[_at..].IndexOf((byte)'\n');
                _at = end < 0 ? _text.Length : _at + end + 1;
            }
            else if (first == '/' && second == '*')
            {
                SkipComment();
            }
            else if (_isInHint && first == '*' && second == '/')
            {
                _isInHint = false;
                _at += 2;
            }
            else
            {
                return;
            }
        }
    }

    // PostgreSQL's nest. MySQL's that begin with /*! or /*M! are code, behind a version.
    private void SkipComment()
    {
        int code = !IsMySql ? 0 : Peek(2) == '!' ? 3 : Peek(2) == 'M' && Peek(3) == '!' ? 4 : 0;
        if (code > 0)
        {
            _isInHint = true;
            _at += code;
            SkipDigits();
            return;
        }

        int depth = 0;
        do
        {
            if (_text[_at] == '/' && Peek(1) == '*' && (depth == 0 || !IsMySql))
            {
                depth++;
                _at += 2;
            }
            else if (_text[_at] == '*' && Peek(1) == '/')
            {
                depth--;
                _at += 2;
            }
            else
            {
                _at++;
            }
        }
        while (depth > 0 && _at < _text.Length);
    }

    // Behind these words a sign belongs to the number that follows.
    private static bool IsBeforeOperand(ReadOnlySpan<byte> word)
    {
        Span<byte> small = stackalloc byte[8];
        if (word.Length > small.Length)
        {
            return false;
        }

        for (int i = 0; i < word.Length; i++)
        {
            small[i] = (byte)(word[i] | 0x20);
        }

        ReadOnlySpan<byte> known = small[..word.Length];
        return known.SequenceEqual("select"u8) || known.SequenceEqual("and"u8) || known.SequenceEqual("or"u8) || known.SequenceEqual("not"u8)
            || known.SequenceEqual("between"u8) || known.SequenceEqual("like"u8) || known.SequenceEqual("when"u8) || known.SequenceEqual("then"u8)
            || known.SequenceEqual("else"u8) || known.SequenceEqual("limit"u8) || known.SequenceEqual("offset"u8) || known.SequenceEqual("where"u8)
            || known.SequenceEqual("return"u8) || known.SequenceEqual("values"u8) || known.SequenceEqual("set"u8) || known.SequenceEqual("by"u8);
    }

    private readonly byte Peek(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : (byte)0;

    private static bool IsDigit(byte b) => b is >= (byte)'0' and <= (byte)'9';

    private static bool IsWordStart(byte b) => (byte)(b | 0x20) is >= (byte)'a' and <= (byte)'z' || b is (byte)'_' or >= 0x80;
}
