Console.Error.WriteLine("ecapture: not composed yet");
return 1;
