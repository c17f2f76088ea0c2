import { render } from "preact";
import { Welcome } from "../../ui/Welcome";
import "../../ui/style.css";

const root = document.getElementById("root");
if (root) render(<Welcome />, root);
