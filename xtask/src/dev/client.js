const page = __GENERATION__;
