return ECapture.Fuzz.FuzzCommand.Run(args);
