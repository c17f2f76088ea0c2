import { render } from "preact";
import { Options } from "../../ui/Options";
import "../../ui/style.css";

const root = document.getElementById("root");
if (root) render(<Options />, root);
